import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { KeySpec } from '#domain';
import { type KeyMaterial, openMaterial, SecretBytes } from '#crypto';
import { KeyHandle, materialOf } from './key-handle.ts';

/** One vector; all fields of the suite are strings or numbers. */
export type Vector = {
  readonly tcId: number;
  readonly comment: string;
  readonly flags: readonly string[];
  readonly result: 'valid' | 'invalid' | 'acceptable';
  readonly [field: string]: unknown;
};

export type VectorGroup = { readonly tests: readonly Vector[]; readonly [field: string]: unknown };

const folder = join(
  process.env.CLAVIGER_VECTORS ?? join(import.meta.dirname, '../../../shared/vectors'),
  'wycheproof',
);

/** Why vector tests are skipped here; false: they are not. */
export const vectorsMissing: string | false = existsSync(folder)
  ? false
  : 'the Wycheproof vectors are not here (CLAVIGER_VECTORS)';

/** Files that no test reads, and why. */
const notOurs: Readonly<Record<string, string>> = {
  json_web_key_test: 'keys are never read from JWK here',
  pbkdf2_hmacsha256_test: 'passphrases are stretched with Argon2id',
};

const read: readonly string[] = [
  ...['aes_gcm', 'chacha20_poly1305', 'aes_kwp', 'aes_wrap', 'x25519', 'ed25519'],
  ...['ecdh_secp256r1', 'ecdh_secp384r1', 'hkdf_sha256', 'hkdf_sha384', 'hkdf_sha512'],
  ...['ecdsa_secp256k1_sha256', 'ecdsa_secp256r1_sha256', 'ecdsa_secp384r1_sha384'],
  ...['hmac_sha224', 'hmac_sha256', 'hmac_sha384', 'hmac_sha512'],
  ...['mldsa_44_sign_seed', 'mldsa_44_verify', 'mldsa_65_verify'],
  ...['mlkem_512', 'mlkem_768', 'mlkem_768_encaps'],
  ...['rsa_oaep_2048_sha1_mgf1sha1', 'rsa_oaep_2048_sha256_mgf1sha256', 'rsa_oaep_3072_sha256_mgf1sha256'],
  ...['rsa_pss_2048_sha256_mgf1_32', 'rsa_pss_3072_sha256_mgf1_32'],
  ...['rsa_signature_2048_sha256', 'rsa_signature_3072_sha384'],
];

/** What the code under test did with a vector. */
type Verdict = 'accepted' | 'refused';

/**
 * How a file is run: what is done with a vector, and what becomes of the results that are only "acceptable".
 */
export type VectorRun = {
  readonly file: string;
  /** Flags of acceptable vectors that are accepted, with the reason; every other one must be refused. */
  readonly accept?: Readonly<Record<string, string>>;
  /** Skips a group or a vector that the face does not cover; the count is printed. */
  covers?(group: VectorGroup, vector: Vector): boolean;
  run(group: VectorGroup, vector: Vector): Verdict | Promise<Verdict>;
};

/** Declares the test of a file: every vector must end as the file, or the policy, says. */
export function testVectors(run: VectorRun): void {
  assert.ok(read.includes(run.file), `${run.file} is not in the list of files`);
  test(`wycheproof ${run.file}`, { skip: vectorsMissing }, async (context) => {
    const content = JSON.parse(readFileSync(join(folder, `${run.file}_test.json`), 'utf8'));
    let ran = 0;
    for (const group of content.testGroups as VectorGroup[]) {
      for (const vector of group.tests) {
        if (run.covers && !run.covers(group, vector)) continue;
        ran += 1;
        const verdict = await run.run(group, vector);
        assert.equal(
          verdict,
          expected(run, vector),
          `${run.file} ${vector.tcId} ${vector.comment} ${vector.flags}`,
        );
      }
    }
    context.diagnostic(`${run.file}: ran ${ran} of ${content.numberOfTests}`);
    assert.ok(ran > 0);
  });
}

function expected(run: VectorRun, vector: Vector): Verdict {
  if (vector.result === 'valid') return 'accepted';
  if (vector.result === 'invalid') return 'refused';
  return vector.flags.every((flag) => run.accept?.[flag]) ? 'accepted' : 'refused';
}

/** The bytes of a hexadecimal field. */
export function hex(value: unknown): Buffer {
  assert.equal(typeof value, 'string');
  return Buffer.from(value as string, 'hex');
}

/** Material of any length, which openMaterial would refuse for the spec. */
export function anySecret(spec: KeySpec, bytes: Uint8Array): KeyMaterial {
  return materialOf(new KeyHandle(spec, createSecretKey(bytes)));
}

/** Opens raw bytes as openMaterial does for a caller. */
export function openBytes(spec: KeySpec, bytes: Uint8Array): KeyMaterial {
  using encoded = SecretBytes.copyOf(bytes);
  return openMaterial(spec, encoded);
}

type RawKey = { format: 'raw-private' | 'raw-seed' | 'raw-public'; type: string; namedCurve?: string };

/** PKCS#8 of a raw private key. */
export function pkcs8(raw: Uint8Array, key: RawKey): Uint8Array {
  return openRaw(createPrivateKey, raw, key).export({ format: 'der', type: 'pkcs8' });
}

/** SubjectPublicKeyInfo of a raw public key. */
export function spki(raw: Uint8Array, key: RawKey): Uint8Array {
  return openRaw(createPublicKey, raw, key).export({ format: 'der', type: 'spki' });
}

function openRaw(create: unknown, raw: Uint8Array, key: RawKey): KeyObject {
  const { format, type: asymmetricKeyType, namedCurve } = key;
  return (create as (input: object) => KeyObject)({ key: raw, format, asymmetricKeyType, namedCurve });
}

/** Whether `work` came to the expected bytes; a ClavigerError of one of the codes is a refusal. */
export function verdictOf(
  work: () => Uint8Array | SecretBytes,
  result: Uint8Array,
  codes: string[],
): Verdict {
  try {
    const got = work();
    const bytes = got instanceof SecretBytes ? got.use((inner) => Buffer.from(inner)) : got;
    return Buffer.from(bytes).equals(result) ? 'accepted' : 'refused';
  } catch (error) {
    assert.ok(codes.includes((error as { code: string }).code), String(error));
    return 'refused';
  }
}

test('every vector file is read by a test or named with a reason', { skip: vectorsMissing }, () => {
  const there = readdirSync(folder).map((name) => name.replace('.json', ''));
  assert.ok(there.length >= 33);
  for (const name of there) {
    assert.ok(name in notOurs || read.includes(name.replace(/_test$/, '')), name);
  }
});
