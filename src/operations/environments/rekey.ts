import { z } from 'zod';
import { ClavigerError } from '#domain';
import { defineOperation } from '../define.ts';
import type { House } from '../house.ts';
import type { Caller } from '../operation.ts';
import { currentRootSetting } from '../roots/current-root.ts';
import { accessKeySecretName } from '../principals/principals.ts';
import { documentSecretName } from '../documents.ts';
import { environmentName } from './environments.ts';

const named = z.strictObject({ name: environmentName });
type Named = z.infer<typeof named>;

export type RekeyState = {
  readonly name: string;
  /** The key-encryption key that seals, counted from 1. */
  readonly generation: number;
  /** Older ones are still there: what they sealed is being sealed anew. */
  readonly running: boolean;
};

async function requireOwn(house: House, caller: Caller, name: string): Promise<void> {
  const own = caller.principal.environment;
  if (own === name || own === (await house.firstEnvironment())) return;
  throw new ClavigerError('access-denied', `Environment ${name} is not the business of ${own}.`);
}

async function stateOf(house: House, name: string): Promise<RekeyState> {
  const stored = await house.store.environment(name);
  if (!stored) throw new ClavigerError('environment-not-found', `There is no environment ${name}.`);
  const running = (await house.store.olderKeks(name)).length > 0;
  return { name, generation: stored.kekGeneration, running };
}

/**
 * Gives an environment a new key-encryption key. It seals from now on; what older ones sealed is sealed anew by the house's own
 * work, and then they are destroyed. Where that is still going on, nothing is begun: it can be asked for again.
 */
export const rekeyEnvironment = defineOperation<Named, RekeyState>({
  name: 'environments.rekey',
  kind: 'manage',
  input: named,
  targets: [],
  permission: 'environments:rekey',
  run: async ({ house, caller }, { name }) => {
    await requireOwn(house, caller, name);
    if ((await house.store.setting(currentRootSetting)) !== house.roots.setting()) await house.roots.follow();
    const root = house.roots.setting();
    const before = await stateOf(house, name);
    const facts = { environment: name, generation: before.generation };
    if (before.running) return { output: before, facts };
    if (root === null) throw new ClavigerError('internal', 'Nothing is known of the root of trust.');
    const fresh = await house.hierarchy.newGeneration(name);
    return {
      output: { name, generation: fresh.generation, running: true },
      changes: [{ kind: 'kek-added', environment: name, ...fresh, root }],
      facts: { ...facts, generation: fresh.generation },
    };
  },
});

/** Which key-encryption key seals in an environment, and whether older ones are still there. */
export const rekeyStatus = defineOperation<Named, RekeyState>({
  name: 'environments.rekey-status',
  kind: 'read',
  input: named,
  targets: [],
  permission: 'environments:rekey-status',
  run: async ({ house, caller }, { name }) => {
    await requireOwn(house, caller, name);
    return { output: await stateOf(house, name) };
  },
});

const batchInput = z.strictObject({
  name: environmentName,
  /** The one that is to seal everything. */
  generation: z.int().min(2),
  kind: z.enum(['keys', 'access-keys', 'documents']),
  after: z.string().max(4096).nullable(),
  limit: z.int().min(1).max(1000),
});
export type BatchInput = z.infer<typeof batchInput>;

export type Batch = {
  /** The last that was looked at; null: there was none left. */
  readonly next: string | null;
  /** How many things were sealed by an older key. */
  readonly resealed: number;
};

/** Seals anew the next keys, access keys or documents of an environment; the house alone does. */
export const resealBatch = defineOperation<BatchInput, Batch>({
  name: 'environments.reseal',
  kind: 'manage',
  input: batchInput,
  targets: [],
  permission: 'environments:reseal',
  run: ({ house }, wish) => {
    if (wish.kind === 'documents') return resealDocuments(house, wish);
    return wish.kind === 'keys' ? resealKeys(house, wish) : resealSecrets(house, wish);
  },
});

async function resealDocuments(house: House, { name, generation, after, limit }: BatchInput) {
  const page = await house.store.documents.sealed(name, { after, limit });
  const shreddable = page.documents.filter(({ shredId }) => shredId !== null);
  const { shreds, materials } = await house.hierarchy.resealKeys(
    name,
    generation,
    shreddable.map(({ shredId, sealed }) => ({
      keyId: shredId ?? '',
      materials: [{ version: 1, material: sealed }],
    })),
  );
  const bySecret = new Map(shreddable.map((document) => [document.shredId, document]));
  const documents = materials.flatMap(({ keyId, before, after: fresh }) => {
    const found = bySecret.get(keyId);
    return found ? [{ collection: found.collection, id: found.id, before, after: fresh }] : [];
  });
  for (const { collection, id, sealed, shredId } of page.documents) {
    if (shredId !== null) continue;
    const by = { environment: name, generation };
    const done = await house.hierarchy.resealSmall(by, documentSecretName(collection, id), sealed);
    if (done) documents.push({ collection, id, ...done });
  }
  const resealed = documents.length + shreds;
  return {
    output: { next: page.next, resealed },
    facts: { environment: name, resealed },
    changes:
      documents.length === 0
        ? []
        : [{ kind: 'resealed', environment: name, materials: [], secrets: [], documents } as const],
  };
}

async function resealKeys(house: House, { name, generation, after, limit }: BatchInput) {
  const page = await house.store.sealedMaterials(name, { after, limit });
  const { shreds, materials } = await house.hierarchy.resealKeys(name, generation, page.keys);
  const resealed = materials.length + shreds;
  return {
    output: { next: page.next, resealed },
    facts: { environment: name, resealed },
    changes:
      materials.length === 0
        ? []
        : [{ kind: 'resealed', environment: name, materials, secrets: [] } as const],
  };
}

async function resealSecrets(house: House, { name, generation, after, limit }: BatchInput) {
  const page = await house.store.sealedSecrets(name, { after, limit });
  const secrets = [];
  for (const { id, wrappedSecret } of page) {
    const done = await house.hierarchy.resealSmall(
      { environment: name, generation },
      accessKeySecretName(id),
      wrappedSecret,
    );
    if (done) secrets.push({ id, ...done });
  }
  return {
    output: { next: page.at(-1)?.id ?? null, resealed: secrets.length },
    facts: { environment: name, resealed: secrets.length },
    changes:
      secrets.length === 0 ? [] : [{ kind: 'resealed', environment: name, materials: [], secrets } as const],
  };
}

const fenceInput = z.strictObject({ name: environmentName, generation: z.int().min(1) });
type FenceInput = z.infer<typeof fenceInput>;

/** Lets nothing in any more that an older key sealed; the house alone does. */
export const fenceRekey = defineOperation<FenceInput, {}>({
  name: 'environments.fence-rekey',
  kind: 'manage',
  input: fenceInput,
  targets: [],
  permission: 'environments:fence-rekey',
  run: (_work, { name, generation }) => ({
    output: {},
    changes: [{ kind: 'keks-fenced', environment: name, generation }],
    facts: { environment: name, generation },
  }),
});

/** Destroys the older keys, once nothing is left that they sealed; the house alone does. */
export const endRekey = defineOperation<FenceInput, {}>({
  name: 'environments.end-rekey',
  kind: 'manage',
  input: fenceInput,
  targets: [],
  permission: 'environments:end-rekey',
  run: (_work, { name, generation }) => ({
    output: {},
    changes: [{ kind: 'keks-removed', environment: name, generation }],
    facts: { environment: name, generation },
  }),
});
