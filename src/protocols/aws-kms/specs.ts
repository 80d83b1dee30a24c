import { awsAlgorithmName, awsAlgorithms, awsSpecs, awsUsages } from '#access';
import { algorithmsFor, type AlgorithmName, type Key, type KeySpec, type KeyUsage } from '#domain';
import { unsupported, validation } from './aws-error.ts';

/** The core's spec for an AWS one. */
export function specOf(name: string): KeySpec {
  const spec = awsSpecs[name];
  if (spec) return spec;
  throw unsupported(`KeySpec ${name} is not supported here.`);
}

/** The core's algorithm; null for SYMMETRIC_DEFAULT, which leaves the choice to the key. */
export function algorithmOf(name: string | null): AlgorithmName | null {
  if (name === null || name === 'SYMMETRIC_DEFAULT') return null;
  const algorithm = awsAlgorithms[name];
  if (algorithm) return algorithm;
  throw unsupported(`Algorithm ${name} is not supported here.`);
}

const defaultUsage = 'ENCRYPT_DECRYPT';
const usagesBySpec: readonly [RegExp, readonly string[]][] = [
  [/^SYMMETRIC_DEFAULT$/, [defaultUsage]],
  [/^RSA_/, [defaultUsage, 'SIGN_VERIFY']],
  [/^ECC_NIST_P/, ['SIGN_VERIFY', 'KEY_AGREEMENT']],
  [/^ECC_/, ['SIGN_VERIFY']],
  [/^ML_DSA_/, ['SIGN_VERIFY']],
  [/^HMAC_/, ['GENERATE_VERIFY_MAC']],
];

function otherUsage(spec: string, usage: string): string {
  return spec === 'SYMMETRIC_DEFAULT'
    ? `The operation failed because the KeyUsage value of the CMK is ${usage}. To perform this operation, the KeyUsage value must be ${defaultUsage}.`
    : `KeyUsage ${usage} is not compatible with KeySpec ${spec}`;
}

/** The usage of a new key; only SYMMETRIC_DEFAULT has one that need not be said. */
export function usageFor(spec: string, named: string | null): KeyUsage {
  if (named === null && spec !== 'SYMMETRIC_DEFAULT') {
    throw validation(
      `You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.`,
    );
  }
  const usage = named ?? defaultUsage;
  const offered = usagesBySpec.find(([pattern]) => pattern.test(spec))?.[1] ?? [];
  if (!offered.includes(usage)) throw validation(otherUsage(spec, usage));
  return awsUsages[usage] ?? 'encrypt';
}

/** The algorithms that a key offers, in AWS's names and order: signatures of PKCS #1 before those of PSS. */
export function algorithmNamesOf(key: Pick<Key, 'spec' | 'usage'>): readonly string[] {
  const names = [...new Set(algorithmsFor(key.spec, key.usage).map(awsAlgorithmName))];
  return names.toSorted((a, b) => Number(a.startsWith('RSASSA_PSS')) - Number(b.startsWith('RSASSA_PSS')));
}
