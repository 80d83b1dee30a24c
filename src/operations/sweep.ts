import { z } from 'zod';
import type { Change } from '#ports';
import { defineOperation } from './define.ts';
import { tokens } from './tokens/lease.ts';
import { treeRemoval } from './tokens/revoke.ts';

const atOnce = 200;

/** Takes away documents of an environment that have expired, and of tokens what ends with them. Only the house asks for it. */
export const sweepDocuments = defineOperation<{}, { readonly swept: number }>({
  name: 'documents.sweep',
  kind: 'manage',
  input: z.strictObject({}),
  targets: [],
  permission: 'documents:sweep',
  run: async ({ house, caller, now }) => {
    const { environment } = caller.principal;
    const expired = (await house.store.documents.expired(now, atOnce)).filter(
      (each) => each.environment === environment,
    );
    const changes = new Map<string, Change>();
    const note = (change: Change): void => void changes.set(JSON.stringify(change), change);
    for (const { collection, id, revision, shredId } of expired) {
      if (collection === tokens.name)
        for (const change of (await treeRemoval(house, environment, id)).changes) note(change);
      else
        note({
          kind: 'document-deleted',
          environment,
          collection,
          id,
          expectedRevision: revision,
          ...(shredId === null ? {} : { erases: true }),
        });
    }
    return {
      output: { swept: expired.length },
      changes: [...changes.values()],
      facts: { swept: expired.length },
    };
  },
});
