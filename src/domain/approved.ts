import type { AlgorithmName } from './algorithm.ts';
import { ClavigerError } from './errors.ts';
import { factsOf, type KeySpec } from './key-spec.ts';

/**
 * Algorithms of approved specs that are not approved themselves, or not as they are made here: XAES-256-GCM derives a key for each
 * message outside of the module, GCM-SIV is in no standard of NIST, and the padding of OAEP with SHA-1 is not for new data.
 */
const unapproved: ReadonlySet<AlgorithmName> = new Set<AlgorithmName>([
  'XAES_256_GCM',
  'AES_GCM_SIV',
  'CHACHA20_POLY1305',
  'RSA_OAEP_SHA_1',
  'X25519',
]);

/** What may open what was made before a module was required: its parts are approved ones. */
const openedStill: ReadonlySet<AlgorithmName> = new Set<AlgorithmName>(['XAES_256_GCM', 'RSA_OAEP_SHA_1']);

/** Whether an algorithm may be used where only approved ones are. */
export function isApproved(algorithm: AlgorithmName, act: 'protect' | 'process'): boolean {
  return !unapproved.has(algorithm) || (act === 'process' && openedStill.has(algorithm));
}

/**
 * Refuses key specs that no FIPS provider offers: such keys are not made (`operation-unsupported`), and those that are there are not
 * used (`algorithm-forbids`).
 */
export function requireApprovedSpec(spec: KeySpec, act: 'make' | 'use'): void {
  if (factsOf(spec).fips) return;
  throw new ClavigerError(
    act === 'make' ? 'operation-unsupported' : 'algorithm-forbids',
    `Keys of spec ${spec} are not approved: this server runs in FIPS mode.`,
    { details: act === 'make' ? { spec, mode: 'fips' } : {} },
  );
}

/** Refuses an algorithm that is not approved. Throws `algorithm-forbids`. */
export function requireApproved(algorithm: AlgorithmName, act: 'protect' | 'process'): void {
  if (isApproved(algorithm, act)) return;
  throw new ClavigerError(
    'algorithm-forbids',
    `${algorithm} is not approved: this server runs in FIPS mode.`,
    { details: { algorithm } },
  );
}
