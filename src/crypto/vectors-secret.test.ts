import assert from 'node:assert/strict';
import type { AlgorithmName, KeySpec } from '#domain';
import { mac, open, SecretBytes, unwrapKey, verifyMac, wrapKey } from '#crypto';
import { cipherRun, encryptInto } from './aead-ciphers.ts';
import { algorithmOf } from './algorithms.ts';
import { requireDerivable } from './key-derivation.ts';
import { handleOf } from './key-handle.ts';
import { anySecret, hex, openBytes, testVectors, type VectorRun, verdictOf } from './vector-files.test.ts';

function aeadRun(file: string, algorithm: AlgorithmName, specOf: (keySize: number) => KeySpec): VectorRun {
  return {
    file,
    covers: (group) => group.ivSize === 96 && group.tagSize === 128,
    run: (group, vector) => {
      const material = openBytes(specOf(group.keySize as number), hex(vector.key));
      const sealed = Buffer.concat([hex(vector.iv), hex(vector.ct), hex(vector.tag)]);
      const work = () => open(algorithm, material, sealed, hex(vector.aad));
      const verdict = verdictOf(work, hex(vector.msg), ['ciphertext-invalid']);
      if (vector.result === 'valid') {
        const handle = handleOf(material);
        const made = Buffer.alloc(sealed.length);
        hex(vector.iv).copy(made);
        const entry = algorithmOf('aead', algorithm, handle.spec);
        encryptInto(
          made.subarray(12),
          cipherRun(entry, handle, handle.key, made),
          hex(vector.msg),
          hex(vector.aad),
        );
        assert.deepEqual(made, sealed);
      }
      return verdict;
    },
  };
}

testVectors(aeadRun('aes_gcm', 'AES_GCM', (bits) => `AES_${bits}` as KeySpec));
testVectors(aeadRun('chacha20_poly1305', 'CHACHA20_POLY1305', () => 'CHACHA20'));

function wrapRun(file: string, algorithm: AlgorithmName): VectorRun {
  return {
    file,
    // ShortKey: a wrapped key of 8 bytes, which RFC 3394 does not define
    run: (group, vector) => {
      const material = openBytes(`AES_${group.keySize}` as KeySpec, hex(vector.key));
      const work = () => unwrapKey(algorithm, material, hex(vector.ct));
      const verdict = verdictOf(work, hex(vector.msg), ['ciphertext-invalid']);
      if (vector.result === 'valid') {
        using secret = SecretBytes.copyOf(hex(vector.msg));
        assert.deepEqual(wrapKey(algorithm, material, secret), hex(vector.ct));
      }
      return verdict;
    },
  };
}

testVectors(wrapRun('aes_wrap', 'AES_KW'));
testVectors(wrapRun('aes_kwp', 'AES_KWP'));

for (const bits of [224, 256, 384, 512] as const) {
  testVectors({
    file: `hmac_sha${bits}`,
    run: (group, vector) => {
      const material = anySecret(`HMAC_${bits}`, hex(vector.key));
      const [message, tag] = [hex(vector.msg), hex(vector.tag)];
      if (group.tagSize === bits) {
        return verifyMac(`HMAC_SHA_${bits}`, material, message, tag) ? 'accepted' : 'refused';
      }
      // a truncated code is the start of ours, and is never accepted as a code
      assert.equal(verifyMac(`HMAC_SHA_${bits}`, material, message, tag), false);
      const start = mac(`HMAC_SHA_${bits}`, material, message).subarray(0, tag.length);
      return tag.equals(start) ? 'accepted' : 'refused';
    },
  });
}

for (const bits of [256, 384, 512] as const) {
  testVectors({
    file: `hkdf_sha${bits}`,
    run: (_group, vector) => {
      const handle = handleOf(anySecret('DERIVE_256', hex(vector.ikm)));
      const entry = algorithmOf('kdf', `HKDF_SHA_${bits}`, handle.spec);
      const input = { salt: hex(vector.salt), info: hex(vector.info), length: vector.size as number };
      const work = () => {
        requireDerivable(entry, input);
        return entry.derive(handle.key, input);
      };
      return verdictOf(work, hex(vector.okm), ['input-invalid']);
    },
  });
}
