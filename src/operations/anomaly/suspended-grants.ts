import { z } from 'zod';
import { ClavigerError, type Principal } from '#domain';
import type { Change, Store } from '#ports';
import { defineOperation } from '../define.ts';
import { defineCollection, type Kept } from '../documents.ts';
import type { House } from '../house.ts';

/** Suspended grants of an environment; more are not made, because all of them are held in memory. */
const grantsMax = 1000;

const shape = z.strictObject({
  keyId: z.string().max(64),
  principal: z.string().max(256),
  /** The alert that it was suspended for. */
  alert: z.string().max(128),
  since: z.int(),
});

/** A principal that is refused a key until an administrator says otherwise. */
export type SuspendedGrant = z.infer<typeof shape>;

const collection = defineCollection<SuspendedGrant>('suspended-grant', shape);

const idOf = (keyId: string, principal: string): string => `${keyId}/${principal}`;

function all(house: House, environment: string): Promise<readonly Kept<SuspendedGrant>[]> {
  return collection.list(house, environment, '', { after: null, limit: grantsMax });
}

/** The change that suspends a grant; none where it is suspended already, or too many are. */
export async function suspensionOf(
  house: House,
  environment: string,
  grant: SuspendedGrant,
): Promise<readonly Change[]> {
  const id = idOf(grant.keyId, grant.principal);
  if (await house.store.documents.get({ environment, collection: collection.name, id })) return [];
  if ((await all(house, environment)).length >= grantsMax) return [];
  return [collection.created(environment, id, grant)];
}

/** What is suspended, held ready for every request of this node; kept current by `drop`. */
export interface SuspendedGrants {
  /** False: nothing is suspended, and nothing need be asked. */
  readonly mayBeAny: boolean;
  /** Rejects with `access-denied` where the principal's use of the key is suspended, and where that can't be found out. */
  require(principal: Principal, keyId: string): Promise<void>;
  drop(entities: readonly string[] | null): void;
}

const marker = `/${collection.name}/`;

/** Knows nothing until it is first asked, or `drop` is told of a change. */
export function createSuspendedGrants(store: Pick<Store, 'documents' | 'environments'>): SuspendedGrants {
  let known = new Set<string>();
  let isStale = true;
  let generation = 0;

  async function load(): Promise<void> {
    while (isStale) {
      const begun = generation;
      const found = new Set<string>();
      for (const { environment } of await store.environments()) {
        const of = { environment: environment.name, collection: collection.name };
        const page = { after: null, limit: grantsMax };
        for (const { id } of await store.documents.list(of, '', page)) found.add(`${environment.name}/${id}`);
      }
      if (generation !== begun) continue;
      known = found;
      isStale = false;
    }
  }

  return {
    get mayBeAny() {
      return isStale || known.size > 0;
    },
    async require({ environment, name }, keyId) {
      await load();
      if (!known.has(`${environment}/${idOf(keyId, name)}`)) return;
      throw new ClavigerError('access-denied', `${name} may not do this (suspended-grant).`);
    },
    drop(entities) {
      if (entities !== null && !entities.some((entity) => entity.includes(marker))) return;
      generation += 1;
      isStale = true;
    },
  };
}

/** What is suspended in the caller's environment. */
export const listSuspendedGrants = defineOperation<{}, { readonly grants: readonly SuspendedGrant[] }>({
  name: 'anomaly.list-suspended-grants',
  kind: 'read',
  input: z.strictObject({}),
  targets: [],
  permission: 'anomaly:list-suspended-grants',
  run: async ({ house, caller }) => ({
    output: { grants: (await all(house, caller.principal.environment)).map(({ content }) => content) },
  }),
});

const named = z.strictObject({ keyId: z.string().min(1).max(64), principal: z.string().min(1).max(256) });
type Named = z.infer<typeof named>;

/** Gives a principal the key back. Nobody does that for himself. */
export const liftSuspendedGrant = defineOperation<Named, SuspendedGrant>({
  name: 'anomaly.lift-suspended-grant',
  kind: 'manage',
  input: named,
  targets: [],
  permission: 'anomaly:lift-suspended-grant',
  run: async ({ house, caller }, { keyId, principal }) => {
    if (principal === caller.principal.name)
      throw new ClavigerError('access-denied', 'Nobody lifts the suspension of his own grant.');
    const { environment } = caller.principal;
    const kept = await collection.find(house, environment, idOf(keyId, principal));
    if (!kept)
      throw new ClavigerError('input-invalid', `Nothing is suspended for ${principal} on the key ${keyId}.`, {
        details: { field: 'principal' },
      });
    return {
      output: kept.content,
      changes: [collection.removed(kept)],
      keyId,
      facts: { principal, alert: kept.content.alert },
    };
  },
});
