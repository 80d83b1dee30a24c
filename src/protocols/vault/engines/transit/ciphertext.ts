import { base64 } from '../../fields.ts';
import { VaultError } from '../../vault-error.ts';

const form = /^vault:v([0-9]{1,9}):([A-Za-z0-9+/]*={0,2})$/;
const urlForm = /^vault:v([0-9]{1,9}):([A-Za-z0-9_-]*)$/;

/** How the bytes are written: base64, or base64url without padding, as JWS has it. */
export type Alphabet = 'base64' | 'base64url';

/** A ciphertext, signature or code as text: `vault:vN:` and base64. */
export function writeVersioned(version: number, bytes: Uint8Array, alphabet: Alphabet = 'base64'): string {
  const text = alphabet === 'base64' ? base64(bytes) : Buffer.from(bytes).toString('base64url');
  return `vault:v${version}:${text}`;
}

/** The version and bytes of such a text. Throws in Vault's words. */
export function readVersioned(
  text: string,
  kind: 'ciphertext' | 'signature' | 'HMAC' | 'CMAC',
  alphabet: Alphabet = 'base64',
): { version: number; bytes: Buffer } {
  if (!text.startsWith('vault:v')) throw new VaultError(400, `invalid ${kind}: no prefix`);
  const match = (alphabet === 'base64' ? form : urlForm).exec(text);
  if (!match) {
    const isSplit = text.indexOf(':', 'vault:v'.length) > 0;
    const message = isSplit ? `could not decode base64` : 'wrong number of fields delimited by ":"';
    throw new VaultError(400, `invalid ${kind}: ${message}`);
  }
  const bytes = Buffer.from(match[2] ?? '', alphabet);
  // version 0 is what the first one was called before there were versions
  return { version: Number(match[1]) || 1, bytes };
}
