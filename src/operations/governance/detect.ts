import { z } from 'zod';
import { ClavigerError } from '#domain';
import { ask, detectors, type DetectionRun, type Finding, type Population, type Question } from '#governance';
import type { Change } from '#ports';
import { defineOperation } from '../define.ts';
import type { House } from '../house.ts';
import type { Door, Outcome } from '../operation.ts';
import {
  findingShape,
  instant,
  logShape,
  pagesOf,
  recordFindings,
  words,
  type DetectionSummary,
} from './finding-register.ts';
import { noticeOfFindings } from './finding-notices.ts';
import { gatherPopulation } from './population.ts';

const runInput = z.strictObject({
  at: instant,
  detectors: z.array(words(64)).max(200),
  findings: z.array(findingShape).max(50_000),
  log: logShape.nullable(),
  events: z
    .array(z.strictObject({ subject: words(512), at: instant, index: z.int(), id: words(64) }))
    .max(50_000),
}) as unknown as z.ZodType<DetectionRun>;

/** A run taken down in an environment, and those outside told of what it opened, whoever had it look. */
async function detected(
  house: House,
  environment: string,
  run: DetectionRun,
): Promise<Outcome<DetectionSummary>> {
  const { changes: recorded, summary } = await recordFindings(house, environment, run);
  const { counts, opened, resolved } = summary;
  const isNew = (change: Change) => change.kind === 'document-put' && change.expectedRevision === null;
  const fresh = new Set(recorded.filter(isNew).map((change) => 'document' in change && change.document.id));
  const findings = run.findings.filter(({ id }) => fresh.has(id));
  const told = await noticeOfFindings(house, { environment, at: run.at, findings });
  const facts = { judgedAt: run.at, opened, closed: resolved, ...counts };
  return { output: summary, changes: [...recorded, ...told], facts };
}

/** Takes down what a run of detectors found in an environment. */
export const detectFindings = defineOperation<DetectionRun, DetectionSummary>({
  name: 'governance.detect',
  kind: 'manage',
  input: runInput,
  targets: [],
  permission: 'governance:detect',
  run: ({ house, caller }, run) => detected(house, caller.principal.environment, run),
});

type LastEvents = DetectionRun['events'];

/** What was done last to subjects of findings that are not resolved: so many at most. */
function lastEventsOf(subjects: ReadonlySet<string>): Question<LastEvents> {
  return {
    begin() {
      const last = new Map<string, LastEvents[number]>();
      return {
        event({ index, event }) {
          const subject = `key:${event.keyId ?? ''}`;
          if (event.outcome !== 'success' || !subjects.has(subject)) return;
          last.set(subject, { subject, at: event.at, index, id: event.id });
        },
        result: () => [...last.values()],
      };
    },
  };
}

async function unresolvedSubjects(
  house: House,
  environments: readonly string[],
): Promise<ReadonlySet<string>> {
  const subjects = new Set<string>();
  for (const environment of environments)
    for await (const page of pagesOf(house, environment))
      for (const { content } of page)
        if (content.status !== 'resolved') subjects.add(content.finding.subject);
  return subjects;
}

/** What all detectors find in a population in one walk, for the register of each of its environments. */
async function runsOver(
  house: House,
  { head, ...rest }: Population,
): Promise<ReadonlyMap<string, DetectionRun>> {
  const { at, log, environments } = head;
  const names = environments.map(({ name }) => name);
  const lastEvents = lastEventsOf(await unresolvedSubjects(house, names));
  const answers = await ask<LastEvents | readonly Finding[]>({ head, ...rest }, [lastEvents, ...detectors]);
  const [events, ...found] = answers as [LastEvents, ...(readonly Finding[])[]];
  const all = { at, detectors: detectors.map(({ id }) => id), log, events };
  const findings = found.flat();
  return new Map(
    names.map((name) => [
      name,
      { ...all, findings: findings.filter(({ environment }) => environment === name) },
    ]),
  );
}

/** Runs all detectors over a population, in one walk, and takes down in each environment what they found there. */
export async function runDetectors(
  house: House,
  door: Pick<Door, 'runAsSystem'>,
  population: Population,
): Promise<ReadonlyMap<string, DetectionSummary>> {
  const summaries = new Map<string, DetectionSummary>();
  for (const [name, run] of await runsOver(house, population))
    summaries.set(name, await door.runAsSystem(detectFindings, name, run));
  return summaries;
}

const nothing = z.strictObject({});

/** Has all detectors look at the caller's environment, and at the house as a whole from the first one, and takes down what they find. */
export const findFlaws = defineOperation<{}, DetectionSummary>({
  name: 'governance.find-flaws',
  kind: 'manage',
  input: nothing,
  targets: [],
  permission: 'governance:find-flaws',
  run: async ({ house, caller, now }) => {
    const { environment } = caller.principal;
    const isWholeHouse = environment === (await house.firstEnvironment());
    const scope = { environments: [environment], isWholeHouse };
    const { population } = await gatherPopulation(house, scope, now);
    const run = (await runsOver(house, population)).get(environment);
    if (!run) throw new ClavigerError('internal', `The environment ${environment} is not there.`);
    return detected(house, environment, run);
  },
});
