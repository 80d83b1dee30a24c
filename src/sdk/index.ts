export {
  ClavigerApiError,
  createClient,
  type Client,
  type ClientOptions,
  type Context,
  type DataKey,
  type KeyRecord,
  type NewKey,
} from './client.ts';
export { EnvelopeError } from './envelope/format.ts';
export {
  decryptStream,
  encryptStream,
  type FileContext,
  type FileKey,
  type KeyOpener,
} from './envelope/stream.ts';
