import type { Instant } from '#domain';

/** What is done with a key, as coarse as a detector needs it. */
export const operationClasses = [
  'protect',
  'process',
  'rewrap',
  'sign',
  'verify',
  'derive',
  'export',
  'import',
  'destroy',
  'disable',
  'policy',
  'create',
  'manage',
  'read',
] as const;

export type OperationClass = (typeof operationClasses)[number];

/** Those that use material; the others look at a key or change it. */
const useClasses: ReadonlySet<OperationClass> = new Set([
  'protect',
  'process',
  'rewrap',
  'sign',
  'verify',
  'derive',
  'export',
]);

export function isUse(operation: OperationClass): boolean {
  return useClasses.has(operation);
}

/** Why an operation was not done, as coarse as a detector needs it. */
export type RefusalClass = 'denied' | 'unreadable' | 'state' | 'purpose' | 'absent' | 'house' | 'other';

/** Where an event stands: the log (a node, or the file that is read) and its place in it. */
export type LogReference = { readonly log: string; readonly index: number };

/** One use of a key in the form that the detector reads, whichever system recorded it. */
export type UsageEvent = {
  readonly at: Instant;
  /** Unique over all environments: a name with its environment, or an ARN. */
  readonly principal: string;
  /** The principal without what tells one running copy of it from another: what is learnt is learnt of this. */
  readonly family: string;
  /** null where the operation names no key. */
  readonly keyId: string | null;
  readonly operation: OperationClass;
  readonly refusal: RefusalClass | null;
  readonly keyVersion: number | null;
  /** The /24 or /48 of the caller, or a service's name; `local` for the house's own work. */
  readonly network: string;
  readonly agent: string;
  /** Which members the encryption context has, where that is known; else only whether there is one. */
  readonly contextShape: string;
  /** Hexadecimal digest of the encryption context; null where there was none. */
  readonly contextDigest: string | null;
  /** Of the caller. */
  readonly environment: string;
  /** Of the key, where the record says it. */
  readonly keyEnvironment: string | null;
  /** The house's own work (a rotation that was due): nobody's behaviour. */
  readonly isInternal: boolean;
  readonly reference: LogReference;
  /** Whether indices of this log are without gaps: then a missing one is a finding. */
  readonly isNumbered: boolean;
};
