import { z } from 'zod';
import { hkdf256, SecretBytes } from '#crypto';
import type { Key } from '#domain';
import { algorithmOr, defineOperation, onKey, present, usableOnly } from '../define.ts';
import { bytes, keyReference, nameOfKey, versionNumber } from '../inputs.ts';
import { sharedSecret } from './agree.ts';
import { wholeKey } from './whole-key.ts';

const derivedBytes = Object.freeze({ AES_128: 16, AES_256: 32, CHACHA20: 32 });

const input = z.strictObject({
  key: keyReference,
  /** The peer's SubjectPublicKeyInfo, DER. */
  publicKey: bytes(1, 8192),
  version: versionNumber,
  /** Of the new key, which encrypts. */
  spec: z.enum(['AES_128', 'AES_256', 'CHACHA20']),
  name: nameOfKey,
});
type Input = z.infer<typeof input>;

//= rfc5869 2: without salt and info, as both sides must do it
function keyFrom(secret: SecretBytes, length: number): SecretBytes {
  return secret.use((shared) => SecretBytes.take(hkdf256(shared, new Uint8Array(0), length)));
}

/**
 * Makes a key of the secret that a pair agrees on with a peer: HKDF-SHA-256 of it. The peer has the same key, so it counts as one from
 * outside. Throws `name-taken`, `public-key-invalid`.
 */
export const makeByAgreement = defineOperation<Input, Key>({
  name: 'keys.make-by-agreement',
  kind: 'manage',
  input,
  targets: [
    onKey<Input>({
      permission: 'keys:make-by-agreement',
      act: 'manage',
      conditions: usableOnly,
    }),
    onKey<Input>({
      permission: 'keys:derive-shared-secret',
      act: 'process',
      conditions: usableOnly,
      usage: 'key-agreement',
      version: ({ version }) => version,
      algorithm: (_wish, key) => algorithmOr(null, key, 'key-agreement'),
    }),
  ],
  run: async (work, { publicKey, spec, name }) => {
    const base = present(work.keys[1]);
    using shared = sharedSecret(base, publicKey);
    using material = keyFrom(shared, derivedBytes[spec]);
    const made = await wholeKey(
      work.house,
      work,
      {
        spec,
        usage: 'encrypt',
        name,
        exportable: false,
        plaintextBackup: false,
        deletable: false,
        localRotation: false,
      },
      [{ number: 1, material, createdAt: work.now }],
    );
    return { ...made, facts: { ...made.facts, base: base.key.id, baseVersion: base.version.number } };
  },
});
