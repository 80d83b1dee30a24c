import { z } from 'zod';
import type { SecretBytes } from '#crypto';
import { isDestroyed, StopError, type Instant, type Key } from '#domain';
import type { ShredStore, Store } from '#ports';
import { readRecords, type SealedFile } from './sealed-file.ts';

const keysAtOnce = 500;

/** When a key was destroyed as a whole; null: it was not. */
export function destroyedAt(key: Key): Instant | null {
  if (!key.versions.every((version) => isDestroyed(version.state))) return null;
  return Math.max(
    ...key.versions.map((version) => version.history.find(({ state }) => isDestroyed(state))?.at ?? 0),
  );
}

/** All keys of a store, environment by environment. */
export async function* allKeys(store: Store): AsyncGenerator<Key> {
  for (const { environment } of await store.environments()) {
    for (let after: string | null = null; ; ) {
      const page: readonly Key[] = await store.keys(environment.name, null, { after, limit: keysAtOnce });
      yield* page;
      if (page.length < keysAtOnce) break;
      after = page.at(-1)?.id ?? null;
    }
  }
}

/** The destruction ledger as the store tells it. */
export async function ledgerOf(store: Store): Promise<Map<string, Instant>> {
  const ledger = new Map<string, Instant>();
  for await (const key of allKeys(store)) {
    const at = destroyedAt(key);
    if (at !== null) ledger.set(key.id, at);
  }
  return ledger;
}

/** The records of an escrow: the shred secrets, wrapped as they are kept, then the ledger as it stands after the last of them was read. */
export async function* escrowRecords(
  { shreds, store }: { shreds: ShredStore; store: Store },
  counts: { secrets: number; destroyed: number },
): AsyncGenerator<unknown> {
  const secrets = new Map<string, string>();
  for (let after: string | null = null; ; ) {
    const ids: readonly string[] = await shreds.ids({ after, limit: keysAtOnce });
    for (const id of ids) {
      const secret = await shreds.get(id);
      if (secret) secrets.set(id, Buffer.from(secret).toString('base64'));
    }
    if (ids.length < keysAtOnce) break;
    after = ids.at(-1) ?? null;
  }
  const ledger = await ledgerOf(store);
  for (const [id, secret] of secrets) {
    // destroyed while this was read
    if (ledger.has(id)) continue;
    counts.secrets += 1;
    yield { secret: [id, secret] };
  }
  for (const [id, at] of ledger) {
    counts.destroyed += 1;
    yield { destroyed: [id, at] };
  }
  yield { end: { ...counts } };
}

const id = z.string().min(1).max(64);
const count = z.int().min(0);
const shape = z.union([
  z.strictObject({ secret: z.tuple([id, z.base64().max(1000)]) }),
  z.strictObject({ destroyed: z.tuple([id, count]) }),
  z.strictObject({ end: z.strictObject({ secrets: count, destroyed: count }) }),
]);

export type Escrow = {
  readonly secrets: ReadonlyMap<string, Uint8Array>;
  readonly destroyed: ReadonlyMap<string, Instant>;
};

/** Everything that an escrow holds. Throws a StopError `integrity-failed`. */
export async function readEscrow(file: SealedFile, key: SecretBytes): Promise<Escrow> {
  const secrets = new Map<string, Uint8Array>();
  const destroyed = new Map<string, Instant>();
  let isWhole = false;
  for await (const { record } of readRecords(file, key)) {
    const read = shape.safeParse(record);
    if (!read.success || isWhole) throw malformed();
    if ('secret' in read.data) secrets.set(read.data.secret[0], Buffer.from(read.data.secret[1], 'base64'));
    else if ('destroyed' in read.data) destroyed.set(...read.data.destroyed);
    else {
      const { end } = read.data;
      isWhole = end.secrets === secrets.size && end.destroyed === destroyed.size;
      if (!isWhole) throw malformed();
    }
  }
  if (!isWhole) throw malformed();
  return { secrets, destroyed };
}

function malformed(): StopError {
  return new StopError('integrity-failed', 'The content of the escrow is not as its format demands.');
}
