import type { Demand, Destruction, DestructionStep } from '#domain';

/** What a node counted of a key since it last told the store. */
export type DemandReport = Demand & { readonly keyId: string };

/** The records of destructions, and who still asked for keys that wait for theirs. */
export interface Destructions {
  destruction(id: string): Promise<Destruction | null>;
  /** Those of a key, the newest first: every one but the first of the list was cancelled. */
  ofKey(keyId: string): Promise<readonly Destruction[]>;
  /** Those that have come to a step, ordered by id. */
  inStep(
    step: DestructionStep,
    page: { readonly after: string | null; readonly limit: number },
  ): Promise<readonly Destruction[]>;
  /** Who asked since the newest destruction of the key was scheduled, the most frequent first; at most a thousand. */
  demands(keyId: string): Promise<readonly Demand[]>;
  /** Adds to what is known; an entry may come more than once. */
  recordDemands(reports: readonly DemandReport[]): Promise<void>;
}
