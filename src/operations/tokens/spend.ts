import { hasCode } from '#domain';
import type { House } from '../house.ts';
import { tokens } from './lease.ts';

type Shelf = Pick<House, 'store' | 'clock' | 'documents' | 'drop'>;

const attemptsMax = 20;

/**
 * Counts one request of a token that has only so many, durably, before the request does anything. False: none was left. Two requests at
 * once can't both have the last one.
 */
export async function spendUse(house: Shelf, environment: string, id: string): Promise<boolean> {
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    const document = await house.store.documents.get({ environment, collection: tokens.name, id });
    const kept =
      document &&
      (await tokens.find(
        { ...house, documents: { ...house.documents, peek: () => document } },
        environment,
        id,
      ));
    if (!kept || kept.content.usesLeft === null) return kept !== null;
    const { usesLeft } = kept.content;
    if (usesLeft < 1) return false;
    const spent = { ...kept.content, usesLeft: usesLeft - 1 };
    // the last one is swept away with what it owns once its request is over
    const besides = usesLeft === 1 ? { expiresAt: house.clock.now() + graceMillis } : {};
    try {
      await house.store.commit({ changes: [tokens.replaced(kept, spent, besides)], events: [] });
      house.drop([`document:${environment}/${tokens.name}/${id}`]);
      return true;
    } catch (error) {
      if (!hasCode(error, 'conflict')) throw error;
    }
  }
  return false;
}

const graceMillis = 60_000;
