import { z } from 'zod';
import { operations } from '#operations';
import { lineRoute, route, type Route } from '../route.ts';
import { wholeLines } from '../whole-lines.ts';

const environment = z.string().min(1).max(63).nullable().optional();
const wish = { framework: z.string().min(1).max(100), environment };
const count = z.number().int().min(0);
const outcome = z.enum(['pass', 'fail', 'manual', 'not-applicable', 'no-data']);
const summary = z.record(outcome, count);
const time = z.string();

const runAnswer = z
  .looseObject({
    format: z.literal('claviger-compliance-run/1'),
    framework: z.object({ id: z.string(), title: z.string(), scope: z.string() }),
    at: z.number().int().describe('the moment for which everything was judged, milliseconds since 1970'),
    keys: count,
    summary,
    requirements: z.array(z.looseObject({ id: z.string(), gist: z.string(), outcome })),
    checks: z.array(z.looseObject({ id: z.string(), outcome, reason: z.string() })),
  })
  .describe('what one run found; the same population gives the same bytes');

async function* pieceLines(pieces: AsyncIterable<{ readonly file: string; readonly bytes: Uint8Array }>) {
  for await (const { file, bytes } of pieces) yield { file, bytes: Buffer.from(bytes).toString('base64') };
}

/** Judging by frameworks, and what proves it. */
export const complianceRoutes: readonly Route[] = [
  route('GET /compliance/frameworks', operations.listFrameworks, {
    about: 'The frameworks by which can be judged',
    answer: z.object({
      frameworks: z.array(
        z.object({ id: z.string(), title: z.string(), scope: z.string(), requirements: count }),
      ),
    }),
    input: () => ({}),
    output: ({ frameworks }) => ({ frameworks: [...frameworks] }),
  }),
  route('POST /compliance/run', operations.runCompliance, {
    about: 'Judge everything there is by a framework',
    body: wish,
    answer: runAnswer,
    input: ({ body }) => ({ framework: body.framework, environment: body.environment ?? null }),
    output: (run) => run as unknown as z.input<typeof runAnswer>,
  }),
  route('GET /compliance/results', operations.listComplianceResults, {
    about: 'How the runs of a framework came out, a day each',
    query: { framework: z.string().min(1).max(100), environment: z.string().max(63).optional() },
    answer: z.object({
      results: z.array(
        z.object({
          at: time,
          ranAt: time,
          by: z.string(),
          keys: count,
          digest: z.string(),
          summary,
          requirements: z.array(z.object({ id: z.string(), outcome })),
        }),
      ),
    }),
    input: ({ query }) => ({ framework: query.framework, environment: query.environment ?? null }),
    output: ({ results }) => ({
      results: results.map(({ at, ranAt, by, keys, digest, summary: came, requirements }) => ({
        at: new Date(at).toISOString(),
        ranAt: new Date(ranAt).toISOString(),
        by,
        keys,
        digest,
        summary: came,
        requirements,
      })),
    }),
  }),
  lineRoute('POST /compliance/evidence', operations.gatherEvidence, {
    about: 'Everything that proves a run, as pieces of files; the last line says that it is whole',
    body: wish,
    answer: z.looseObject({
      file: z.string().optional(),
      bytes: z.string().optional(),
      end: z.literal(true).optional(),
    }),
    input: ({ body }) => ({ framework: body.framework, environment: body.environment ?? null }),
    lines: ({ pieces }) => wholeLines(pieceLines(pieces)),
  }),
];
