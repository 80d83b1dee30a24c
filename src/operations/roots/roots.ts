import { z } from 'zod';
import { ClavigerError } from '#domain';
import type { RootDescription } from '#ports';
import { defineOperation } from '../define.ts';
import type { House } from '../house.ts';
import type { Caller } from '../operation.ts';
import { currentRootSetting, describeRoot, isCurrentRoot, parseCurrentRoot } from './current-root.ts';
import { rewrapAll, wrappingsOf } from './rewrap.ts';
import type { RootProgress } from './root-seat.ts';

const uri = z
  .string()
  .min(1)
  .max(2048)
  .regex(/^[\x21-\x7e]+$/);
const targetInput = z.strictObject({ to: uri });
type TargetInput = z.infer<typeof targetInput>;

async function requireFirst(house: House, caller: Caller): Promise<void> {
  if (caller.principal.environment === (await house.firstEnvironment())) return;
  throw new ClavigerError(
    'access-denied',
    'The root of trust is the business of administrators of the first environment.',
  );
}

/** What the store says of its root. Rejects where another node has put the store under another root than this node's. */
async function requireSeated(house: House): Promise<string> {
  const said = await house.store.setting(currentRootSetting);
  if (said !== house.roots.setting()) await house.roots.follow().catch(() => undefined);
  if (said !== null && said === house.roots.setting()) return said;
  throw new ClavigerError(
    'root-unavailable',
    'The store was put under another root of trust; restart this node with the new CLAVIGER_ROOT.',
  );
}

export type RootTargetReport = {
  readonly root: RootDescription;
  /** The store is under it already. */
  readonly isCurrent: boolean;
  /** How many wrappings a migration makes anew. */
  readonly wrappings: number;
};

/** Opens a root that may take over and tries it; changes nothing. The record of it is the beginning of a migration. */
export const prepareRoot = defineOperation<TargetInput, RootTargetReport>({
  name: 'roots.prepare',
  kind: 'manage',
  input: targetInput,
  targets: [],
  permission: 'roots:prepare',
  run: async ({ house, caller, now }, { to }) => {
    await requireFirst(house, caller);
    const current = parseCurrentRoot(await requireSeated(house));
    const { root, parameters } = await house.roots.target(to);
    const isCurrent = await isCurrentRoot(root, current);
    if (!isCurrent && !(await isCurrentRoot(root, await describeRoot(root, { parameters, uri: null }, now))))
      throw new ClavigerError('root-refused', 'The new root of trust does not open what it wraps.');
    const described = root.describe();
    return {
      output: { root: described, isCurrent, wrappings: (await wrappingsOf(house.store)).length },
      facts: { kind: described.kind, where: described.where },
    };
  },
});

export type RootMigration = {
  readonly root: RootDescription;
  /** False: the store was under this root already. */
  readonly switched: boolean;
  readonly wrappings: number;
};

/**
 * Puts the store under another root: everything that the present one wraps is wrapped by the new one and tried, and then takes the
 * place of the old wrappings in one commit. Before it the old root opens everything, after it the new one; so it can be repeated.
 */
export const migrateRoot = defineOperation<TargetInput, RootMigration>({
  name: 'roots.migrate',
  kind: 'manage',
  input: targetInput,
  targets: [],
  permission: 'roots:migrate',
  quorum: 'tier',
  run: async ({ house, caller, now }, { to }) => {
    await requireFirst(house, caller);
    const from = await requireSeated(house);
    const { root, parameters, uri: told } = await house.roots.target(to);
    const described = root.describe();
    if (await isCurrentRoot(root, parseCurrentRoot(from)))
      return { output: { root: described, switched: false, wrappings: 0 } };
    const next = JSON.stringify(await describeRoot(root, { parameters, uri: told }, now));
    try {
      const fresh = await rewrapAll(house.store, { from: house.root, to: root }, (done, total) =>
        house.roots.report({ done, total }),
      );
      const wrappings = fresh.keks.length + 1;
      const before = parseCurrentRoot(from);
      return {
        output: { root: described, switched: true, wrappings },
        changes: [{ kind: 'root-switched', from, to: next, ...fresh }],
        facts: {
          kind: described.kind,
          where: described.where,
          wrappings,
          kindBefore: before.kind,
          whereBefore: before.where,
        },
        afterwards: () => house.roots.sit(to, next),
      };
    } finally {
      house.roots.report(null);
    }
  },
});

const nothing = z.strictObject({});

/** Opens everything that the root wraps; the record of it is the end of a migration. */
export const verifyRoot = defineOperation<z.infer<typeof nothing>, { readonly wrappings: number }>({
  name: 'roots.verify',
  kind: 'manage',
  input: nothing,
  targets: [],
  permission: 'roots:verify',
  run: async ({ house, caller }) => {
    await requireFirst(house, caller);
    await requireSeated(house);
    const all = await wrappingsOf(house.store);
    for (const { wrapped, context } of all) (await house.root.unwrap(wrapped, context)).fill(0);
    const { kind, where } = house.root.describe();
    return { output: { wrappings: all.length }, facts: { wrappings: all.length, kind, where } };
  },
});

const successorInput = z.strictObject({ passphraseFile: z.string().min(1).max(1024).nullable() });

/** Makes a new root key at the same kind of place; the store is not under it before it is migrated. */
export const makeSuccessorRoot = defineOperation<z.infer<typeof successorInput>, { readonly uri: string }>({
  name: 'roots.make-successor',
  kind: 'manage',
  input: successorInput,
  targets: [],
  permission: 'roots:make-successor',
  run: async ({ house, caller }, wish) => {
    await requireFirst(house, caller);
    await requireSeated(house);
    const made = await house.roots.newRootLike(wish);
    return { output: { uri: made }, facts: { root: made } };
  },
});

export type RootStatus = {
  readonly root: RootDescription;
  readonly since: number | null;
  readonly id: string | null;
  /** Whether this node has the root that the store is under. */
  readonly isCurrent: boolean;
  readonly progress: RootProgress | null;
};

/** Which root the store is under, and how far a migration is. */
export const rootStatus = defineOperation<z.infer<typeof nothing>, RootStatus>({
  name: 'roots.status',
  kind: 'read',
  input: nothing,
  targets: [],
  permission: 'roots:status',
  run: async ({ house }) => {
    const said = await house.store.setting(currentRootSetting);
    const current = said === null ? null : parseCurrentRoot(said);
    const own = house.root.describe();
    return {
      output: {
        root: current ? { kind: current.kind, where: current.where, tier: own.tier } : own,
        since: current?.since ?? null,
        id: current?.id ?? null,
        isCurrent: said === house.roots.setting(),
        progress: house.roots.progress(),
      },
    };
  },
});
