import { z } from 'zod';
import {
  algorithmsFor,
  ClavigerError,
  currentVersion,
  isDestroyed,
  type AlgorithmName,
  type Key,
  type LastUse,
} from '#domain';
import type { Page } from '#ports';
import { anyCondition, defineOperation, withMaterial, onKey, present } from '../define.ts';
import { keyReference, page, versionNumber } from '../inputs.ts';
import { anyRegion } from '../operation.ts';
import { pageOf } from '../paging.ts';

const keyOnly = z.strictObject({ key: keyReference });
type KeyOnly = z.infer<typeof keyOnly>;

/** The record of one key. */
export const describeKey = defineOperation<KeyOnly, Key>({
  name: 'keys.describe',
  kind: 'read',
  input: keyOnly,
  targets: [onKey<KeyOnly>({ permission: 'keys:describe', act: 'inspect', conditions: anyCondition })],
  run: ({ keys }) => ({ output: present(keys[0]).key }),
});

const listInput = z.strictObject({
  page,
  /** Also the keys of which only the record is left. */
  withDestroyed: z.boolean().optional(),
});
type ListInput = z.infer<typeof listInput>;

type Reader = (asked: Page) => Promise<readonly Key[]>;

/** Reads on until a page is full of keys that are not destroyed. */
function livingOf(read: Reader): Reader {
  return async (asked) => {
    const found: Key[] = [];
    let { after } = asked;
    for (;;) {
      const page = await read({ after, limit: asked.limit });
      found.push(...page.filter((key) => !isDestroyed(currentVersion(key).state)));
      after = page.at(-1)?.id ?? null;
      if (found.length >= asked.limit || page.length < asked.limit) return found.slice(0, asked.limit);
    }
  };
}

/** The keys of the caller's environment and region, by id. */
export const listKeys = defineOperation<
  ListInput,
  { readonly keys: readonly Key[]; readonly next: string | null }
>({
  name: 'keys.list',
  kind: 'read',
  input: listInput,
  targets: [],
  permission: 'keys:list',
  run: async ({ house, caller }, wish) => {
    const region = caller.region === anyRegion ? null : caller.region;
    const all: Reader = (asked) => house.store.keys(caller.principal.environment, region, asked);
    const read = wish.withDestroyed ? all : livingOf(all);
    const { entries, next } = await pageOf(wish.page, read, (key) => key.id);
    return { output: { keys: entries, next } };
  },
});

export type PublicKey = {
  readonly key: Key;
  readonly version: number;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
  readonly algorithms: readonly AlgorithmName[];
};

const publicInput = keyOnly.extend({ version: versionNumber.optional() });
type PublicInput = z.infer<typeof publicInput>;

/** The public half of a key pair; it stays public while the key is suspended. */
export const getPublicKey = defineOperation<PublicInput, PublicKey>({
  name: 'keys.get-public-key',
  kind: 'read',
  input: publicInput,
  targets: [
    onKey<PublicInput>({
      permission: 'keys:get-public-key',
      act: 'inspect',
      conditions: withMaterial,
      version: (wish) => wish.version ?? null,
    }),
  ],
  run: ({ keys }) => {
    const { key, version } = present(keys[0]);
    return {
      output: {
        key,
        version: version.number,
        publicKey: requirePair(key, version.publicKey),
        algorithms: algorithmsFor(key.spec, key.usage),
      },
    };
  },
});

function requirePair(key: Key, publicKey: Uint8Array | null): Uint8Array {
  if (publicKey) return publicKey;
  throw new ClavigerError('operation-unsupported', `Key ${key.id} is a secret key: it has no public half.`);
}

/** What last used a key, and since when that is watched. */
export const lastUse = defineOperation<
  KeyOnly,
  { readonly key: Key; readonly lastUse: LastUse | null; readonly trackingSince: number }
>({
  name: 'keys.last-use',
  kind: 'read',
  input: keyOnly,
  targets: [onKey<KeyOnly>({ permission: 'keys:last-use', act: 'inspect', conditions: anyCondition })],
  run: async ({ house, keys }) => {
    const { key } = present(keys[0]);
    return { output: { key, lastUse: await house.lastUses.of(key.id), trackingSince: key.createdAt } };
  },
});
