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
export type { FileContext } from './envelope/context.ts';
export { EnvelopeError } from './envelope/envelope-error.ts';
export { decryptStream, encryptStream, type FileKey, type KeyOpener } from './envelope/stream.ts';
