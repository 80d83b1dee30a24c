import { createHmac, type KeyObject } from 'node:crypto';
import { ClavigerError, type AlgorithmName } from '#domain';
import { aesCmac } from './cmac.ts';
import { constantTimeEqual } from './digest.ts';
import { type KeyMaterial, secretOf } from './material.ts';

type MacOf = (key: KeyObject, message: Uint8Array) => Buffer;

function hmac(hash: string): MacOf {
  return (key, message) => createHmac(hash, key).update(message).digest();
}

const macs: Readonly<Partial<Record<AlgorithmName, MacOf>>> = Object.freeze({
  __proto__: null as never,
  HMAC_SHA_224: hmac('sha224'),
  HMAC_SHA_256: hmac('sha256'),
  HMAC_SHA_384: hmac('sha384'),
  HMAC_SHA_512: hmac('sha512'),
  AES_CMAC: aesCmac,
});

/** The message authentication code, in full length. */
export function mac(algorithm: AlgorithmName, material: KeyMaterial, message: Uint8Array): Buffer {
  const compute = macs[algorithm];
  if (!compute)
    throw new ClavigerError('algorithm-forbids', `${algorithm} makes no message authentication code.`);
  return compute(secretOf(material), message);
}

/** Whether a code is that of the message; compared in constant time. */
export function verifyMac(
  algorithm: AlgorithmName,
  material: KeyMaterial,
  message: Uint8Array,
  code: Uint8Array,
): boolean {
  return constantTimeEqual(mac(algorithm, material, message), code);
}
