import { ClavigerError } from '#domain';
import { base64 } from '../../fields.ts';
import { VaultError } from '../../vault-error.ts';

const form = /^vault:v([0-9]{1,9}):([A-Za-z0-9+/]*={0,2})$/;

/** A ciphertext or code as text: `vault:vN:` and base64. */
export function writeVersioned(version: number, bytes: Uint8Array): string {
  return `vault:v${version}:${base64(bytes)}`;
}

/** The version and bytes of such a text. Throws in Vault's words. */
export function readVersioned(
  text: string,
  kind: 'ciphertext' | 'signature' | 'HMAC',
): { version: number; bytes: Buffer } {
  if (!text.startsWith('vault:v')) throw new VaultError(400, `invalid ${kind}: no prefix`);
  const match = form.exec(text);
  if (!match) {
    const isSplit = text.indexOf(':', 'vault:v'.length) > 0;
    const message = isSplit ? `could not decode base64` : 'wrong number of fields delimited by ":"';
    throw new VaultError(400, `invalid ${kind}: ${message}`);
  }
  const bytes = Buffer.from(match[2] ?? '', 'base64');
  // version 0 is what the first one was called before there were versions
  return { version: Number(match[1]) || 1, bytes };
}

/** What went wrong with one item of a batch, as the item tells it. */
export function messageOf(error: unknown): string {
  if (error instanceof VaultError) return error.errors.join('; ');
  if (error instanceof ClavigerError) return error.message;
  throw error;
}
