import { z } from 'zod';
import { ClavigerError } from '#domain';
import type { Change } from '#ports';
import { defineOperation } from '../define.ts';
import type { House } from '../house.ts';
import { requirePresumed } from '../presumed.ts';
import {
  labelsShape,
  newHead,
  noSettings,
  settingsShape,
  type SecretHead,
  type SecretSettings,
} from './head.ts';
import {
  headId,
  headOf,
  heads,
  isSecretPath,
  lastCharacter,
  secretPath,
  settings,
  settingsOf,
  storeId,
} from './places.ts';

const describeInput = z.strictObject({ store: storeId, path: secretPath });
type DescribeInput = z.infer<typeof describeInput>;

/** What is known of a secret besides its values; null: there is none. */
export const describeSecret = defineOperation<DescribeInput, { readonly head: SecretHead | null }>({
  name: 'secrets.describe',
  kind: 'read',
  input: describeInput,
  targets: [],
  permission: 'secrets:describe',
  run: async ({ house, caller }, secret) => ({
    output: { head: (await headOf(house, caller.principal.environment, secret))?.content ?? null },
    facts: { store: secret.store, path: secret.path },
  }),
});

const versionsMax = z.int().min(0).max(1000);
const seconds = z.int().min(0).max(3_153_600_000);

const updateInput = z.strictObject({
  store: storeId,
  path: secretPath,
  /** What is left out stays. */
  versionsMax: versionsMax.optional(),
  checkRequired: z.boolean().optional(),
  deleteAfterSeconds: seconds.optional(),
  labels: labelsShape.optional(),
  /** Labels to be set, or with null to be taken away, besides those that stand. */
  labelChanges: z.record(z.string().max(128), z.string().max(512).nullable()).optional(),
  /** A secret that has no version yet is made where there is none. */
  mayCreate: z.boolean(),
});
type UpdateInput = z.infer<typeof updateInput>;

const labelsMax = 64;

function labelsAfter(
  before: SecretHead['labels'],
  { labels, labelChanges }: UpdateInput,
): SecretHead['labels'] {
  const found = new Map(Object.entries((labels === undefined ? before : labels) ?? {}));
  for (const [name, value] of Object.entries(labelChanges ?? {}))
    if (value === null) found.delete(name);
    else found.set(name, value);
  if (found.size > labelsMax)
    throw new ClavigerError('limit-exceeded', `A secret has at most ${labelsMax} custom metadata.`);
  const isNone = found.size === 0 && before === null && (labels ?? null) === null;
  return isNone ? null : Object.fromEntries(found);
}

/** Changes what a secret says of itself; `head` is null where there is none. */
export const updateSecret = defineOperation<UpdateInput, { readonly head: SecretHead | null }>({
  name: 'secrets.update',
  kind: 'manage',
  input: updateInput,
  targets: [],
  permission: 'secrets:update',
  run: async ({ house, caller, now }, input) => {
    const { environment } = caller.principal;
    const before = await headOf(house, environment, input);
    requirePresumed(caller, before !== null);
    const facts = { store: input.store, path: input.path };
    if (!before && !input.mayCreate) return { output: { head: null }, facts };
    const standing = before?.content ?? newHead(now);
    const head: SecretHead = {
      ...standing,
      versionsMax: input.versionsMax ?? standing.versionsMax,
      checkRequired: input.checkRequired ?? standing.checkRequired,
      deleteAfterSeconds: input.deleteAfterSeconds ?? standing.deleteAfterSeconds,
      labels: labelsAfter(standing.labels, input),
    };
    const change: Change = before
      ? heads.replaced(before, head)
      : heads.created(environment, headId(input), head);
    return { output: { head }, changes: [change], facts };
  },
});

const storeInput = z.strictObject({ store: storeId });
type StoreInput = z.infer<typeof storeInput>;

/** What a store says for all of its secrets. */
export const readSecretSettings = defineOperation<StoreInput, SecretSettings>({
  name: 'secrets.read-settings',
  kind: 'read',
  input: storeInput,
  targets: [],
  permission: 'secrets:read-settings',
  run: async ({ house, caller }, { store }) => ({
    output: await settingsOf(house, caller.principal.environment, store),
    facts: { store },
  }),
});

const configureInput = z.strictObject({
  store: storeId,
  versionsMax: versionsMax.optional(),
  checkRequired: z.boolean().optional(),
  /** -1: versions are never deleted by their age. */
  deleteAfterSeconds: seconds.or(z.literal(-1)).optional(),
});
type ConfigureInput = z.infer<typeof configureInput>;

/** Changes what a store says for all of its secrets. */
export const configureSecrets = defineOperation<ConfigureInput, SecretSettings>({
  name: 'secrets.configure',
  kind: 'manage',
  input: configureInput,
  targets: [],
  permission: 'secrets:configure',
  run: async ({ house, caller }, { store, ...wish }) => {
    const { environment } = caller.principal;
    const before = await settings.find(house, environment, store);
    const given = Object.fromEntries(Object.entries(wish).filter(([, value]) => value !== undefined));
    const after = settingsShape.parse({ ...(before?.content ?? noSettings), ...given });
    const change = before ? settings.replaced(before, after) : settings.created(environment, store, after);
    return { output: after, changes: [change], facts: { store, ...given } };
  },
});

const listInput = z.strictObject({
  store: storeId,
  /** The folder, which ends with a slash; empty: the store itself. */
  folder: z
    .string()
    .refine((text) => text === '' || (text.endsWith('/') && isSecretPath(text.slice(0, -1))), 'is no folder'),
  after: z.string().max(1100).nullable(),
  limit: z.int().min(1).max(100_000),
});
type ListInput = z.infer<typeof listInput>;

export type ListedSecret = {
  /** The last part of the path; that of a folder ends with a slash. */
  readonly name: string;
  /** Null for a folder. */
  readonly head: SecretHead | null;
};

const pageSize = 500;

async function listed(house: House, environment: string, { store, folder, after, limit }: ListInput) {
  const found: ListedSecret[] = [];
  const prefix = `${store}/${folder}`;
  // what comes after a name; after a folder, all that is in it
  const beyond = (name: string): string => `${prefix}${name}${name.endsWith('/') ? lastCharacter : ''}`;
  let marker: string | null = after === null ? null : beyond(after);
  while (found.length < limit) {
    const page = { after: marker, limit: Math.min(pageSize, limit - found.length) };
    const kept = await heads.list(house, environment, prefix, page);
    for (const { document, content } of kept) {
      const rest = document.id.slice(prefix.length);
      const slash = rest.indexOf('/');
      const entry =
        slash < 0 ? { name: rest, head: content } : { name: rest.slice(0, slash + 1), head: null };
      // the rest of a folder is passed over; where it goes on behind the page, without being read
      if (found.at(-1)?.name !== entry.name) found.push(entry);
      marker = beyond(entry.name);
    }
    if (kept.length < page.limit) break;
  }
  return found;
}

/** The secrets and folders in a folder, ordered by their names. */
export const listSecrets = defineOperation<ListInput, { readonly entries: readonly ListedSecret[] }>({
  name: 'secrets.list',
  kind: 'read',
  input: listInput,
  targets: [],
  permission: 'secrets:list',
  run: async ({ house, caller }, input) => {
    const entries = await listed(house, caller.principal.environment, input);
    return {
      output: { entries },
      facts: { store: input.store, folder: input.folder, count: entries.length },
    };
  },
});
