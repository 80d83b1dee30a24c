import { z } from 'zod';
import { deadlineKinds, documentKinds } from '#governance';
import { operations } from '#operations';
import { ClavigerError } from '#domain';
import { route, type Route } from '../route.ts';
import { timeOf } from '../views.ts';

const time = z.iso.datetime();
const environmentQuery = z
  .string()
  .regex(/^[a-z0-9-]{1,63}$/)
  .optional()
  .describe('this environment alone; else all that you may see');

const wholeNumber = (digits: number, usual: string) =>
  z
    .string()
    .regex(new RegExp(`^[0-9]{1,${digits}}$`), 'must be a whole number')
    .default(usual);

const deadlineAnswer = z
  .strictObject({
    kind: z.enum(deadlineKinds),
    at: time,
    subject: z.string(),
    environment: z.string().nullable().describe('null: of the whole server'),
    name: z.string(),
    owner: z.string().nullable(),
    what: z.string(),
    byItself: z.string().nullable().describe('what the server does'),
    todo: z.string().nullable().describe('what a person has to do'),
    command: z.string().nullable(),
  })
  .meta({ id: 'Deadline' });

const count = z.int().min(0);

const block = z.union([
  z.strictObject({ kind: z.literal('paragraph'), text: z.string() }),
  z.strictObject({
    kind: z.literal('table'),
    columns: z.array(z.string()),
    rows: z.array(z.array(z.string())),
  }),
  z.strictObject({ kind: z.literal('list'), entries: z.array(z.string()) }),
  z.strictObject({ kind: z.literal('lines'), lines: z.array(z.string()) }),
  z.strictObject({ kind: z.literal('signatures'), who: z.array(z.string()) }),
]);

const documentAnswer = z
  .strictObject({
    format: z.literal('claviger-document/1'),
    kind: z.string(),
    title: z.string(),
    about: z.array(z.array(z.string())).describe('pairs of a name and a value'),
    sections: z.array(z.strictObject({ title: z.string(), blocks: z.array(block) })),
    missing: z.array(z.string()).describe('what the document should say and nobody has told'),
  })
  .meta({ id: 'WrittenDocument' });

function documentKindIn(text: string | undefined) {
  const kind = documentKinds.find((each) => each === text);
  if (kind) return kind;
  throw new ClavigerError(
    'input-invalid',
    `There is no document of this kind; there are ${documentKinds.join(', ')}.`,
    {
      details: { field: 'document' },
    },
  );
}

/** What falls due, and documents that are written of everything there is. */
export const writtenRoutes: readonly Route[] = [
  route('GET /due', operations.readDue, {
    about: 'What falls due: the first deadlines by time, and how many there are in all',
    query: {
      withinDays: wholeNumber(5, '90').describe('how far ahead it looks'),
      limit: wholeNumber(4, '100').describe('1 to 5000'),
      environment: environmentQuery,
    },
    answer: z.strictObject({
      format: z.literal('claviger-due/1'),
      at: time.describe('the moment for which it is told'),
      until: time,
      total: count,
      overdue: count,
      byKind: z.record(z.enum(deadlineKinds), count),
      deadlines: z.array(deadlineAnswer),
    }),
    input: ({ query }) => ({
      withinDays: Number(query.withinDays),
      limit: Number(query.limit),
      environment: query.environment ?? null,
    }),
    output: (due) => ({
      ...due,
      at: timeOf(due.at),
      until: timeOf(due.until),
      deadlines: due.deadlines.map((deadline) => ({ ...deadline, at: timeOf(deadline.at) })),
    }),
  }),
  route('GET /documents/{document}', operations.writeDocument, {
    about: 'A document about everything there is: practice-statement, or crypto-architecture',
    query: { environment: environmentQuery },
    answer: documentAnswer,
    input: ({ path, query }) => ({
      kind: documentKindIn(path['document']),
      environment: query.environment ?? null,
    }),
    output: (written) => written as unknown as z.input<typeof documentAnswer>,
  }),
];
