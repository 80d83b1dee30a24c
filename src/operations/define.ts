import type { z } from 'zod';
import {
  algorithmsFor,
  ClavigerError,
  factsOf,
  isApproved,
  type AlgorithmName,
  type Key,
  type KeyUsage,
} from '#domain';
import type { KeyCondition, KeyReference, Operation, TargetRule } from './operation.ts';

export const usableOnly: readonly KeyCondition[] = Object.freeze(['usable']);
export const withMaterial: readonly KeyCondition[] = Object.freeze(['usable', 'suspended']);
export const notScheduled: readonly KeyCondition[] = Object.freeze([...withMaterial, 'lacking-material']);
export const anyCondition: readonly KeyCondition[] = Object.freeze([
  ...notScheduled,
  'destruction-scheduled',
]);

type Shape<I, O> = Omit<Operation<I, O>, 'quorum'> & Partial<Pick<Operation<I, O>, 'quorum'>>;

/** An operation, frozen; where it says nothing of a quorum none is asked. */
export function defineOperation<I, O>(shape: Shape<I, O> & { input: z.ZodType<I> }): Operation<I, O> {
  return Object.freeze({ quorum: null, ...shape });
}

type Keyed = { readonly key: KeyReference };

/** A rule for the one key that the input names. */
export function onKey<I extends Keyed>(rule: Omit<TargetRule<I>, 'reference'>): TargetRule<I> {
  return Object.freeze({ ...rule, reference: (input: I) => input.key });
}

/** The algorithm that was asked for, or the one that the key's spec prefers for a usage. */
export function algorithmOr(
  wanted: AlgorithmName | null,
  key: Key,
  usage: KeyUsage,
  approvedOnly = false,
): AlgorithmName | null {
  if (wanted !== null) return wanted;
  // devices have no XAES-256-GCM: their keys encrypt by AES-GCM, bounded in uses
  if (key.tier === 'hsm' && usage === 'encrypt' && !factsOf(key.spec).asymmetric) return 'AES_GCM';
  const all = algorithmsFor(key.spec, usage);
  return (approvedOnly ? all.find((name) => isApproved(name, 'protect')) : all[0]) ?? null;
}

/** The encryption algorithm that was asked for, or a secret key's own; the ciphertext of a key pair would not say which it was. */
export function encryptionOr(
  wanted: AlgorithmName | null,
  key: Key,
  approvedOnly = false,
): AlgorithmName | null {
  return wanted === null && factsOf(key.spec).asymmetric
    ? null
    : algorithmOr(wanted, key, 'encrypt', approvedOnly);
}

/** A value that the runner has made sure of. */
export function present<T>(value: T | null | undefined): T {
  if (value === null || value === undefined)
    throw new ClavigerError('internal', 'A checked value is missing.');
  return value;
}
