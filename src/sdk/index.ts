export { ClavigerApiError } from './api-error.ts';
export { createClient, type Client, type Context, type DataKey, type SignWish } from './client.ts';
export { createCustodian, type Custodian } from './custody.ts';
export type { FileContext } from './envelope/context.ts';
export { EnvelopeError } from './envelope/envelope-error.ts';
export { decryptStream, encryptStream, type FileKey, type KeyOpener } from './envelope/stream.ts';
export type * from './records.ts';
export { wrapMaterial, type TransportWrap } from './wrap-material.ts';
export type { ClientOptions } from './transport.ts';
