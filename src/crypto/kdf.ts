import { createHmac, hkdfSync, type KeyObject } from 'node:crypto';
import { ClavigerError, type AlgorithmName } from '#domain';
import { type KeyMaterial, secretOf } from './material.ts';
import { SecretBytes } from './secret-bytes.ts';

export type Derivation = {
  /** HKDF: the salt; KBKDF: the label. */
  readonly salt: Uint8Array;
  /** HKDF: the info; KBKDF: the context. */
  readonly info: Uint8Array;
  /** Bytes that are wanted. */
  readonly length: number;
};

type Derive = (key: KeyObject, derivation: Derivation) => Buffer;

const lengthMax = 8160;

function hkdf(hash: string): Derive {
  return (key, { salt, info, length }) => Buffer.from(hkdfSync(hash, key, salt, info, length));
}

//= sp800-108r1 4.1: K(i) = PRF(K, [i]2 || Label || 0x00 || Context || [L]2), a 32-bit counter and a 32-bit length in bits
function counterInput(counter: number, { salt, info, length }: Derivation): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(counter);
  const tail = Buffer.alloc(4);
  tail.writeUInt32BE(length * 8);
  return Buffer.concat([head, salt, Buffer.of(0), info, tail]);
}

function kbkdf(hash: string, hashBytes: number): Derive {
  return (key, derivation) => {
    const blocks: Buffer[] = [];
    for (let done = 0; done < derivation.length; done += hashBytes) {
      blocks.push(
        createHmac(hash, key)
          .update(counterInput(blocks.length + 1, derivation))
          .digest(),
      );
    }
    const all = Buffer.concat(blocks);
    const result = Buffer.from(all.subarray(0, derivation.length));
    for (const block of [...blocks, all]) block.fill(0);
    return result;
  };
}

const derivations: Readonly<Partial<Record<AlgorithmName, Derive>>> = Object.freeze({
  __proto__: null as never,
  HKDF_SHA_256: hkdf('sha256'),
  HKDF_SHA_384: hkdf('sha384'),
  HKDF_SHA_512: hkdf('sha512'),
  KBKDF_HMAC_SHA_256: kbkdf('sha256', 32),
  KBKDF_HMAC_SHA_384: kbkdf('sha384', 48),
  KBKDF_HMAC_SHA_512: kbkdf('sha512', 64),
});

/** Derives a secret of up to 8,160 bytes from a derivation key (HKDF of RFC 5869, counter mode of SP 800-108). */
export function deriveKey(
  algorithm: AlgorithmName,
  material: KeyMaterial,
  derivation: Derivation,
): SecretBytes {
  const derive = derivations[algorithm];
  if (!derive) throw new ClavigerError('algorithm-forbids', `${algorithm} derives no keys.`);
  const { length } = derivation;
  if (!Number.isInteger(length) || length < 1 || length > lengthMax) {
    throw new ClavigerError('input-invalid', `A derived key has 1 to ${lengthMax} bytes.`);
  }
  return SecretBytes.take(derive(secretOf(material), derivation));
}
