import { ask, type Question } from '../evaluate.ts';
import type { Population } from '../population.ts';
import { cryptoArchitecture } from './crypto-architecture.ts';
import type { WrittenDocument } from './document.ts';
import { practiceStatement } from './practice-statement.ts';

/** Documents that are written of a population. */
export const documentKinds = ['practice-statement', 'crypto-architecture'] as const;
export type DocumentKind = (typeof documentKinds)[number];

/** How many keys a document lists; the rest stands in the inventory. */
export const keysListedMax = 500;

const questions: Readonly<Record<DocumentKind, Question<WrittenDocument>>> = Object.freeze({
  'practice-statement': practiceStatement,
  'crypto-architecture': cryptoArchitecture({ keysListedMax }),
});

/** A document about a population: the same population gives the same document. */
export async function documentOf(population: Population, kind: DocumentKind): Promise<WrittenDocument> {
  const [written] = await ask(population, [questions[kind]]);
  if (!written) throw new Error('a question without an answer');
  return written;
}
