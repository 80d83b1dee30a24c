import { newId, requireScheme, type ShareScheme } from '#crypto';
import { ClavigerError } from '#domain';
import type { Custody, Rekeyed, RekeyProgress } from '#operations';
import type { Store } from '#ports';
import { gatherShares, newShareSet, shareOf, type ShamirParameters, type ShareGathering } from '#roots';
import { replaceParameters } from './parameters.ts';
import { createQueue } from './queue.ts';
import { requireParameters } from './unsealing.ts';

type Rekey = {
  readonly id: string;
  readonly scheme: ShareScheme;
  readonly present: ShareGathering;
  /** The new set, once the present one has authorised it. Its shares are not kept: only what tells them from others. */
  fresh: { readonly parameters: ShamirParameters; readonly confirmed: Set<number> } | null;
};

type Parts = { readonly store: Store; readonly expireMillis?: number };

const expireMillisUsual = 1_800_000;

export type Rekeying = Omit<Custody, 'seal'> & { readonly wipe: () => void };

/**
 * New sets of shares for the root key that stands. A rekey is in this process's memory alone: until its one write, the switch, a crash
 * leaves the present set, and after it the new one.
 */
export function createRekeying({ store, expireMillis = expireMillisUsual }: Parts): Rekeying {
  const queue = createQueue();
  let rekey: Rekey | null = null;
  let expiry: NodeJS.Timeout | null = null;

  function wipe(): void {
    if (expiry) clearTimeout(expiry);
    expiry = null;
    rekey?.present.wipe();
    rekey = null;
  }

  function touch(): void {
    if (expiry) clearTimeout(expiry);
    expiry = setTimeout(() => void queue(async () => wipe()), expireMillis);
    expiry.unref();
  }

  function require(id: string): Rekey {
    if (rekey?.id === id) return rekey;
    throw new ClavigerError(
      'conflict',
      'There is no such rekey: it is done, was given up, or waited too long.',
    );
  }

  return {
    wipe,
    beginRekey: (scheme) =>
      queue(async () => {
        requireScheme(scheme);
        if (rekey) {
          throw new ClavigerError(
            'conflict',
            `Another rekey (${rekey.id}) goes on: cancel it first, or let it end.`,
          );
        }
        rekey = {
          id: newId(),
          scheme,
          present: gatherShares(await requireParameters(store)),
          fresh: null,
        };
        touch();
        return progressOf(rekey);
      }),

    authoriseRekey: (id, share) =>
      queue(async () => {
        const current = require(id);
        if (current.fresh) {
          throw new ClavigerError('conflict', 'The rekey is authorised already: new shares are wanted now.');
        }
        withBytes(share, (text) => current.present.add(text));
        touch();
        return current.present.isComplete ? authorised(current) : { ...progressOf(current), newShares: null };
      }),

    confirmRekey: (id, share) =>
      queue(async () => {
        const current = require(id);
        const { fresh } = current;
        if (!fresh) throw new ClavigerError('conflict', 'The rekey is not authorised yet.');
        if (share !== null) confirm(fresh, share);
        touch();
        if (share !== null && fresh.confirmed.size < fresh.parameters.shares) return progressOf(current);
        await replaceParameters(store, current.present.parameters, fresh.parameters);
        wipe();
        return { ...progressOf(current), step: 'done' as const };
      }),

    cancelRekey: (id) =>
      queue(async () => {
        const progress = progressOf(require(id));
        wipe();
        return progress;
      }),
  };
}

/** Makes the new shares. Where the present ones do not give the root key, they are dropped and the rekey waits for them anew. */
async function authorised(rekey: Rekey): Promise<Rekeyed> {
  try {
    using key = await rekey.present.recover();
    const { parameters, texts } = await newShareSet(key, rekey.scheme);
    rekey.fresh = { parameters, confirmed: new Set() };
    const newShares = texts.map((text) => Buffer.from(text).toString('latin1'));
    for (const text of texts) text.fill(0);
    return { ...progressOf(rekey), newShares };
  } finally {
    rekey.present.wipe();
  }
}

function confirm({ parameters, confirmed }: NonNullable<Rekey['fresh']>, share: string): void {
  const index = withBytes(share, (text) => {
    const read = shareOf(parameters, text);
    read.part[Symbol.dispose]();
    return read.index;
  });
  if (confirmed.has(index)) {
    throw new ClavigerError('share-repeated', `Share ${index} of the new set was confirmed already.`);
  }
  confirmed.add(index);
}

function withBytes<T>(text: string, work: (bytes: Uint8Array) => T): T {
  const bytes = Buffer.from(text, 'utf8');
  try {
    return work(bytes);
  } finally {
    bytes.fill(0);
  }
}

function progressOf({ id, present, fresh }: Rekey): RekeyProgress {
  if (fresh) {
    const { setId, shares } = fresh.parameters;
    return { rekeyId: id, step: 'confirm', setId, given: fresh.confirmed.size, needed: shares };
  }
  const { setId, threshold } = present.parameters;
  return { rekeyId: id, step: 'authorise', setId, given: present.given.length, needed: threshold };
}
