import { factsOf, type KeySpec } from '#domain';

/** What a plan for the transition to quantum-safe cryptography says of keys of some specs. */
export type TransitionRule = {
  readonly id: string;
  readonly source: string;
  /** A draft may still change. */
  readonly status: 'draft' | 'final';
  readonly meaning: 'deprecated' | 'disallowed';
  /** The last day on which it is not yet so, e.g. `2030-12-31`. */
  readonly after: string;
  readonly holds: (spec: KeySpec) => boolean;
};

const isClassicalPair = (spec: KeySpec): boolean =>
  factsOf(spec).asymmetric && factsOf(spec).quantumCategory === 0;

const cnsaSpecs: ReadonlySet<KeySpec> = new Set<KeySpec>([
  'AES_256',
  'HMAC_384',
  'HMAC_512',
  'DERIVE_256',
  'ML_DSA_87',
  'ML_KEM_1024',
]);
const signs = (spec: KeySpec): boolean => factsOf(spec).usages.includes('sign');

const ir8547 = { source: 'NIST IR 8547, initial public draft, November 2024', status: 'draft' } as const;
const cnsa = { source: 'NSA, Commercial National Security Algorithm Suite 2.0', status: 'final' } as const;

/** Plans with their dates, the earlier first. CNSA 2.0 binds national security systems alone. */
export const transitionRules: readonly TransitionRule[] = Object.freeze([
  {
    id: 'ir8547-112-bits',
    ...ir8547,
    meaning: 'deprecated',
    after: '2030-12-31',
    holds: (spec) => isClassicalPair(spec) && factsOf(spec).strengthBits < 128,
  },
  {
    id: 'cnsa-2.0-signatures',
    ...cnsa,
    meaning: 'disallowed',
    after: '2030-12-31',
    holds: (spec) => !cnsaSpecs.has(spec) && signs(spec),
  },
  {
    id: 'cnsa-2.0',
    ...cnsa,
    meaning: 'disallowed',
    after: '2033-12-31',
    holds: (spec) => !cnsaSpecs.has(spec) && !signs(spec),
  },
  {
    id: 'ir8547-classical',
    ...ir8547,
    meaning: 'disallowed',
    after: '2035-12-31',
    holds: isClassicalPair,
  },
]);

/** How ready a key is for attackers with a quantum computer. */
export type QuantumReadiness = {
  readonly isReady: boolean;
  /** NIST security category; 0: none. */
  readonly category: number;
  /** Of `transitionRules`, by id. */
  readonly rules: readonly string[];
  /** The first day after which IR 8547 disallows it; null: never. */
  readonly disallowedAfter: string | null;
};

export function quantumReadiness(spec: KeySpec): QuantumReadiness {
  const { quantumCategory } = factsOf(spec);
  const rules = transitionRules.filter((rule) => rule.holds(spec));
  const disallowed = rules.find(({ id }) => id === 'ir8547-classical');
  return {
    isReady: quantumCategory > 0,
    category: quantumCategory,
    rules: rules.map(({ id }) => id),
    disallowedAfter: disallowed?.after ?? null,
  };
}
