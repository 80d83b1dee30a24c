import { createCipheriv, createDecipheriv } from 'node:crypto';
import { ClavigerError, type AlgorithmName } from '#domain';
import { type KeyMaterial, secretOf } from './material.ts';
import { SecretBytes } from './secret-bytes.ts';

type Wrap = { readonly suffix: string; readonly initial: Buffer; readonly shortest: number };

const wraps: Readonly<Partial<Record<AlgorithmName, Wrap>>> = Object.freeze({
  __proto__: null as never,
  //= rfc3394 2.2.3.1: the default initial value
  AES_KW: { suffix: 'wrap', initial: Buffer.alloc(8, 0xa6), shortest: 24 },
  //= rfc5649 3: the alternative initial value
  AES_KWP: { suffix: 'wrap-pad', initial: Buffer.from('a65959a6', 'hex'), shortest: 16 },
});

function wrapOf(algorithm: AlgorithmName): Wrap {
  const found = wraps[algorithm];
  if (found) return found;
  throw new ClavigerError('algorithm-forbids', `${algorithm} wraps no keys.`);
}

function cipherName(wrap: Wrap, material: KeyMaterial): string {
  return `aes${(secretOf(material).symmetricKeySize ?? 0) * 8}-${wrap.suffix}`;
}

/** Wraps a secret. AES_KW takes multiples of 8 bytes from 16 on (`input-invalid`), AES_KWP any length from 1 on. */
export function wrapKey(algorithm: AlgorithmName, material: KeyMaterial, secret: SecretBytes): Buffer {
  const wrap = wrapOf(algorithm);
  const fits = algorithm === 'AES_KW' ? secret.length >= 16 && secret.length % 8 === 0 : secret.length >= 1;
  if (!fits) throw new ClavigerError('input-invalid', `${algorithm} does not take a secret of this length.`);
  const cipher = createCipheriv(cipherName(wrap, material), secretOf(material), wrap.initial);
  return secret.use((bytes) => Buffer.concat([cipher.update(bytes), cipher.final()]));
}

/** Unwraps a secret. Throws `ciphertext-invalid`; inputs that OpenSSL would read as an empty key are refused first. */
export function unwrapKey(algorithm: AlgorithmName, material: KeyMaterial, wrapped: Uint8Array): SecretBytes {
  const wrap = wrapOf(algorithm);
  const invalid = () =>
    new ClavigerError('ciphertext-invalid', 'The wrapped key does not open with this key.');
  if (wrapped.length < wrap.shortest || wrapped.length % 8 !== 0) throw invalid();
  try {
    const decipher = createDecipheriv(cipherName(wrap, material), secretOf(material), wrap.initial);
    const opened = Buffer.concat([decipher.update(wrapped), decipher.final()]);
    if (opened.length === 0) throw invalid();
    return SecretBytes.take(opened);
  } catch {
    throw invalid();
  }
}
