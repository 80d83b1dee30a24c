import { z } from 'zod';
import {
  documentKinds,
  documentOf,
  dueOf,
  type DocumentKind,
  type Due,
  type WrittenDocument,
} from '#governance';
import { defineOperation } from '../define.ts';
import { gatherPopulation } from './population.ts';
import { scopeOf } from './scope.ts';

const dayMillis = 86_400_000;
const environment = z.string().min(1).max(63).nullable();

const dueInput = z.strictObject({
  /** How far ahead it looks, from the moment of the population. */
  withinDays: z.int().min(0).max(36_525),
  /** How many are told; all are counted. */
  limit: z.int().min(1).max(5000),
  /** Null: all that the caller may see. */
  environment,
});
type DueInput = z.infer<typeof dueInput>;

/** What falls due: the first ones by time, and how many there are in all. */
export const readDue = defineOperation<DueInput, Due>({
  name: 'governance.read-due',
  kind: 'read',
  input: dueInput,
  targets: [],
  permission: 'governance:read-due',
  run: async ({ house, caller, now }, { withinDays, limit, environment: one }) => {
    const { population } = await gatherPopulation(house, await scopeOf(house, caller, one), now);
    return { output: await dueOf(population, { withinMillis: withinDays * dayMillis, limit }) };
  },
});

const documentInput = z.strictObject({ kind: z.enum(documentKinds), environment });
type DocumentInput = { readonly kind: DocumentKind; readonly environment: string | null };

/** A document about everything that the caller may see. */
export const writeDocument = defineOperation<DocumentInput, WrittenDocument>({
  name: 'governance.write-document',
  kind: 'read',
  input: documentInput,
  targets: [],
  permission: 'governance:write-document',
  run: async ({ house, caller, now }, { kind, environment: one }) => {
    const { population } = await gatherPopulation(house, await scopeOf(house, caller, one), now);
    const output = await documentOf(population, kind);
    return { output, facts: { document: kind, at: population.head.at, missing: output.missing.length } };
  },
});
