import { asWrappedMaterial, type WrappedMaterial } from '#ports';

/** What the content of a batch token is sealed for. */
export const batchSecretName = 'batch token';
const prefix = 'hvb.';

/** A token that carries its own lease, sealed under its environment, so that nothing is kept of it. */
export function writeBatchToken(environment: string, sealed: Uint8Array): string {
  return `${prefix}${Buffer.concat([Buffer.from(`${environment}\n`), sealed]).toString('base64url')}`;
}

/** The parts of a batch token; null: it is none. */
export function readBatchToken(
  token: string,
): { readonly environment: string; readonly sealed: WrappedMaterial } | null {
  if (!token.startsWith(prefix)) return null;
  const bytes = Buffer.from(token.slice(prefix.length), 'base64url');
  const end = bytes.indexOf(0x0a);
  const environment = bytes.toString('utf8', 0, Math.max(end, 0));
  if (!/^[a-z0-9-]{1,63}$/.test(environment)) return null;
  return { environment, sealed: asWrappedMaterial(new Uint8Array(bytes.subarray(end + 1))) };
}
