import { z } from 'zod';
import type { Change, Document } from '#ports';
import { defineOperation } from './define.ts';
import type { House } from './house.ts';
import { tokens } from './tokens/lease.ts';
import { endedRemoval, removalOf } from './tokens/revoke.ts';

/** What one commit takes away at most, but for what one token owns. */
const changesMax = 500;

type Part = { readonly changes: readonly Change[]; readonly isWhole: boolean };

/** What goes with one document that has expired. */
async function partOf(house: House, document: Document, room: number): Promise<Part> {
  if (document.collection === tokens.name)
    return endedRemoval(house, document.environment, document.id, room);
  return { changes: [removalOf(document, document.shredId !== null)], isWhole: true };
}

/**
 * Takes away documents of an environment that have expired, and of tokens what ends with them: so many as one commit should have, and
 * whether more is left. Only the house asks for it.
 */
export const sweepDocuments = defineOperation<{}, { readonly swept: number; readonly isMore: boolean }>({
  name: 'documents.sweep',
  kind: 'manage',
  input: z.strictObject({}),
  targets: [],
  permission: 'documents:sweep',
  run: async ({ house, caller, now }) => {
    const { environment } = caller.principal;
    const expired = await house.store.documents.expired(now, changesMax, environment);
    const changes = new Map<string, Change>();
    let isMore = expired.length === changesMax;
    for (const document of expired) {
      if (changes.size >= changesMax) {
        isMore = true;
        break;
      }
      const part = await partOf(house, document, changesMax - changes.size);
      // what is owned and has expired itself is taken away once
      for (const change of part.changes)
        if (change.kind === 'document-deleted') changes.set(`${change.collection}/${change.id}`, change);
      if (!part.isWhole) isMore = true;
    }
    const swept = changes.size;
    return { output: { swept, isMore }, changes: [...changes.values()], facts: { swept } };
  },
});
