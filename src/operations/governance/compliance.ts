import { createHash } from 'node:crypto';
import { z } from 'zod';
import { ClavigerError, type Instant } from '#domain';
import {
  frameworkOf,
  frameworks,
  makeEvidence,
  runFramework,
  runText,
  type CheckOutcome,
  type ComplianceRun,
  type Framework,
  type Piece,
} from '#governance';
import { defineOperation } from '../define.ts';
import { defineCollection } from '../documents.ts';
import { gatherPopulation, governedEntries } from './population.ts';
import { scopeOf } from './scope.ts';

const dayMillis = 86_400_000;
/** A type II report looks back a year, and its assessor some months more. */
const keptDays = 800;
const historyMax = 1000;

const environment = z.string().min(1).max(63).nullable();
const input = z.strictObject({ framework: z.string().min(1).max(100), environment });
type Input = z.infer<typeof input>;

const outcome = z.enum([
  'pass',
  'fail',
  'manual',
  'not-applicable',
  'no-data',
]) satisfies z.ZodType<CheckOutcome>;

const resultShape = z.strictObject({
  framework: z.string(),
  /** Whose environment was judged; null: all. */
  environment,
  at: z.int(),
  ranAt: z.int(),
  by: z.string(),
  keys: z.int(),
  /** SHA-256 of the run's text. */
  digest: z.string(),
  summary: z.record(outcome, z.int()),
  requirements: z.array(z.strictObject({ id: z.string(), outcome })),
});
/** What stays of a run: enough to show how each requirement stood over a year. */
export type ComplianceResult = z.infer<typeof resultShape>;

const results = defineCollection<ComplianceResult>('compliance-result', resultShape);

/** One for each day: the last of it. */
const resultId = ({ framework, environment: whose }: Input, now: Instant): string =>
  `${framework}/${whose ?? '*'}/${new Date(now).toISOString().slice(0, 10)}`;

function requireFramework(id: string): Framework {
  const found = frameworkOf(id);
  if (found) return found;
  const known = frameworks.map((framework) => framework.id).join(', ');
  throw new ClavigerError('input-invalid', `There is no framework ${id}; there are ${known}.`, {
    details: { field: 'framework' },
  });
}

export type FrameworkView = Pick<Framework, 'id' | 'title' | 'scope'> & { readonly requirements: number };

/** The frameworks by which can be judged. */
export const listFrameworks = defineOperation<{}, { readonly frameworks: readonly FrameworkView[] }>({
  name: 'governance.list-frameworks',
  kind: 'read',
  input: z.strictObject({}),
  targets: [],
  permission: 'governance:list-frameworks',
  run: () => ({
    output: {
      frameworks: frameworks.map(({ id, title, scope, requirements }) => {
        return { id, title, scope, requirements: requirements.length };
      }),
    },
  }),
});

/** Judges everything there is by one framework, and keeps how it came out. */
export const runCompliance = defineOperation<Input, ComplianceRun>({
  name: 'governance.run-compliance',
  kind: 'manage',
  input,
  targets: [],
  permission: 'governance:run-compliance',
  run: async ({ house, caller, now }, wish) => {
    const framework = requireFramework(wish.framework);
    const scope = await scopeOf(house, caller, wish.environment);
    const { population } = await gatherPopulation(house, scope, now);
    const run = await runFramework(population, framework);
    const digest = createHash('sha256').update(runText(run)).digest('hex');
    const { at, keys, summary, requirements } = run;
    const result: ComplianceResult = {
      ...wish,
      at,
      ranAt: now,
      by: caller.principal.name,
      keys,
      digest,
      summary,
      requirements: requirements.map(({ id, outcome: came }) => ({ id, outcome: came })),
    };
    const place = { environment: caller.principal.environment, id: resultId(wish, now) };
    const change = await results.put(house, place, result, { expiresAt: now + keptDays * dayMillis });
    return {
      output: run,
      changes: [change],
      facts: { framework: framework.id, at, keys, digest, ...summary },
    };
  },
});

/** How the runs of a framework came out, a day each, the oldest first. */
export const listComplianceResults = defineOperation<
  Input,
  { readonly results: readonly ComplianceResult[] }
>({
  name: 'governance.list-compliance-results',
  kind: 'read',
  input,
  targets: [],
  permission: 'governance:list-compliance-results',
  run: async ({ house, caller }, wish) => {
    const prefix = `${requireFramework(wish.framework).id}/${wish.environment ?? '*'}/`;
    const page = { after: null, limit: historyMax };
    const found = await results.list(house, caller.principal.environment, prefix, page);
    return { output: { results: found.map(({ content }) => content) } };
  },
});

/** Everything that proves a run, to be checked without the server; it is gathered while it is taken. */
export const gatherEvidence = defineOperation<Input, { readonly pieces: AsyncIterable<Piece> }>({
  name: 'governance.gather-evidence',
  kind: 'read',
  input,
  targets: [],
  permission: 'governance:gather-evidence',
  run: async ({ house, caller, now }, wish) => {
    const framework = requireFramework(wish.framework);
    const scope = await scopeOf(house, caller, wish.environment);
    const { population, log } = await gatherPopulation(house, scope, now);
    const { head, keys } = population;
    const position = head.log;
    if (!log || !position)
      throw new ClavigerError('audit-unavailable', 'The log of this node has published nothing yet.');
    const pieces = makeEvidence(
      {
        head,
        keys,
        entries: () => governedEntries(log, scope, position.size),
        log,
        attest: (text) => house.log.attest(text),
      },
      framework,
    );
    return { output: { pieces }, facts: { framework: framework.id, at: head.at } };
  },
});
