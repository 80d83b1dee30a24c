import { hash, randomBytes } from 'node:crypto';

const tokenForm = /^[\x21-\x7e]{8,8192}$/;

/** A fresh bearer token: `clv_` and 43 characters of 32 random bytes. */
export function newToken(): string {
  return `clv_${randomBytes(32).toString('base64url')}`;
}

/** A fresh token in the form that clients of Vault know: `hvs.` and 43 characters of 32 random bytes. */
export function newServiceToken(): string {
  return `hvs.${randomBytes(32).toString('base64url')}`;
}

/** Whether a text can be a token at all. */
export function isTokenForm(text: string): boolean {
  return tokenForm.test(text);
}

/** What a token is kept and looked up by: its SHA-256, hexadecimal. The token itself is not kept. */
export function tokenId(token: string): string {
  return hash('sha256', token, 'hex');
}

const idAlphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** A fresh access key in the form that AWS clients know: `AKIA` and 16 characters, and a secret of 40. */
export function newAccessKey(): { accessKeyId: string; secretAccessKey: string } {
  const id = [...randomBytes(16)].map((byte) => idAlphabet[byte & 31] ?? '').join('');
  return { accessKeyId: `AKIA${id}`, secretAccessKey: randomBytes(30).toString('base64') };
}
