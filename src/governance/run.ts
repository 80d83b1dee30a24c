import type { Key } from '#domain';
import { canonicalJson } from '#encoding';
import type { CheckOutcome, CheckResult } from './check.ts';
import { checkLibrary, type LibraryCheck } from './checks/index.ts';
import { dataMarks, isMarked, markWords, type DataMark } from './data-mark.ts';
import { beginWalk, type Question, type Walk } from './evaluate.ts';
import type { ComplianceRun, Framework, Requirement, RequirementResult } from './framework.ts';
import type { KeyFacts, Population, PopulationHead } from './population.ts';

const byId: ReadonlyMap<string, LibraryCheck> = new Map(checkLibrary.map((check) => [check.id, check]));

function checkOf(id: string): LibraryCheck {
  const check = byId.get(id);
  if (!check) throw new Error(`there is no check ${id}`);
  return check;
}

/** Ids of the checks that frameworks name, each once, ordered. */
function namedBy(frameworks: readonly Framework[]): readonly string[] {
  return [
    ...new Set(frameworks.flatMap(({ requirements }) => requirements.flatMap(({ checks }) => checks))),
  ].sort();
}

/** What checks said of keys in a scope. */
type Answers = {
  readonly keys: number;
  readonly results: ReadonlyMap<string, { readonly result: CheckResult; readonly isOfKeys: boolean }>;
};

/** Checks as one question: of keys out of scope no check is told, but those that compare with others. */
function questionOf(ids: readonly string[], isInScope: ((key: Key) => boolean) | null): Question<Answers> {
  return {
    begin: (head) => {
      const watchers = ids.map((id) => {
        const check = checkOf(id);
        const scoped = isInScope && check.within ? check.within(isInScope) : check;
        return { id, seesAll: scoped !== check, watcher: scoped.begin(head) };
      });
      const ofScope = watchers.flatMap(({ seesAll, watcher }) =>
        watcher.key && !seesAll ? [watcher.key] : [],
      );
      const ofAll = watchers.flatMap(({ seesAll, watcher }) => (watcher.key && seesAll ? [watcher.key] : []));
      const ofEvents = watchers.flatMap(({ watcher }) => (watcher.event ? [watcher.event] : []));
      let keys = 0;
      return {
        key: (facts: KeyFacts) => {
          for (const see of ofAll) see(facts);
          if (isInScope && !isInScope(facts.key)) return;
          keys += 1;
          for (const see of ofScope) see(facts);
        },
        ...(ofEvents.length > 0
          ? {
              event: (placed) => {
                for (const see of ofEvents) see(placed);
              },
            }
          : {}),
        result: () => ({
          keys,
          results: new Map(
            watchers.map(({ id, watcher }) => [
              id,
              { result: watcher.result(), isOfKeys: watcher.key !== undefined },
            ]),
          ),
        }),
      };
    },
  };
}

/** What checks said for one framework: of the keys that it is about, or of all where none says that it is one of them. */
type Judged = { readonly marked: ComplianceRun['marked']; readonly resultOf: (id: string) => CheckResult };

function judged(data: DataMark | undefined, all: Answers, marked: Answers | undefined): Judged {
  const plain = (id: string): { readonly result: CheckResult; readonly isOfKeys: boolean } => {
    const found = all.results.get(id);
    if (!found) throw new Error(`check ${id} was not asked`);
    return found;
  };
  if (!data || !marked) return { marked: null, resultOf: (id) => plain(id).result };
  const { words } = dataMarks[data];
  const how = markWords(data);
  const told =
    marked.keys > 0
      ? `Judged: the ${marked.keys} of ${all.keys} keys that are marked as protecting ${words}.`
      : `No key is marked as protecting ${words}: all were judged.`;
  return {
    marked: { data: words, how, keys: marked.keys },
    resultOf: (id) => {
      const { result, isOfKeys } = plain(id);
      if (!isOfKeys) return result;
      const chosen = marked.keys > 0 ? (marked.results.get(id)?.result ?? result) : result;
      return { ...chosen, reason: `${chosen.reason} ${told}` };
    },
  };
}

/** One fail fails; else what is missing decides; it passes where something passed and nothing is against it. */
export function requirementOutcome(outcomes: readonly CheckOutcome[]): CheckOutcome {
  if (outcomes.length === 0) return 'manual';
  for (const outcome of ['fail', 'manual', 'no-data', 'pass'] as const) {
    if (outcomes.includes(outcome)) return outcome;
  }
  return 'not-applicable';
}

const verbs: Readonly<Record<CheckOutcome, string>> = Object.freeze({
  fail: 'fail',
  manual: 'need what a person states',
  'no-data': 'have nothing to judge by',
  pass: 'pass',
  'not-applicable': 'do not apply',
});

function judgeRequirement(requirement: Requirement, resultOf: Judged['resultOf']): RequirementResult {
  const { id, gist, checks, show } = requirement;
  const outcomes = checks.map((check) => resultOf(check).outcome);
  const outcome = requirementOutcome(outcomes);
  const deciding = checks.filter((_, at) => outcomes[at] === outcome);
  const reason =
    checks.length === 0
      ? `No machine can see it. To be shown: ${show ?? 'how it is met'}.`
      : `${deciding.length} of ${checks.length} checks ${verbs[outcome]}${outcome === 'pass' ? '' : `: ${deciding.join(', ')}`}.`;
  return { id, gist, outcome, reason, checks };
}

const noneOfAny: Readonly<Record<CheckOutcome, number>> = Object.freeze({
  pass: 0,
  fail: 0,
  manual: 0,
  'not-applicable': 0,
  'no-data': 0,
});

function runOf(
  framework: Framework,
  head: PopulationHead,
  keys: number,
  { marked, resultOf }: Judged,
): ComplianceRun {
  const requirements = framework.requirements.map((requirement) => judgeRequirement(requirement, resultOf));
  const { id, title, scope } = framework;
  return {
    format: 'claviger-compliance-run/1',
    framework: { id, title, scope },
    at: head.at,
    software: head.software,
    log: head.log,
    keys,
    marked,
    summary: requirements.reduce(
      (counts, { outcome }) => ({ ...counts, [outcome]: counts[outcome] + 1 }),
      noneOfAny,
    ),
    requirements,
    checks: namedBy([framework]).map((name) => {
      const { version, title: looksAt, method } = checkOf(name);
      return { id: name, version, title: looksAt, method, ...resultOf(name) };
    }),
  };
}

/** A walk through a population that ends in a run for each framework, in their order. */
type FrameworkWalk = Omit<Walk<Answers>, 'results'> & { readonly runs: () => readonly ComplianceRun[] };

function beginFrameworks(head: PopulationHead, frameworks: readonly Framework[]): FrameworkWalk {
  const marks = [...new Set(frameworks.flatMap(({ data }) => (data ? [data] : [])))];
  const { keys, events, results } = beginWalk(head, [
    questionOf(namedBy(frameworks), null),
    ...marks.map((mark) =>
      questionOf(namedBy(frameworks.filter(({ data }) => data === mark)), (key) => isMarked(key, mark)),
    ),
  ]);
  return {
    keys,
    events,
    runs() {
      const [all, ...ofMarks] = results();
      if (!all) throw new Error('nothing was asked');
      return frameworks.map((framework) => {
        const marked = framework.data ? ofMarks[marks.indexOf(framework.data)] : undefined;
        return runOf(framework, head, all.keys, judged(framework.data, all, marked));
      });
    },
  };
}

function only<T>([first]: readonly T[]): T {
  if (first === undefined) throw new Error('no run was made');
  return first;
}

/** Begins a walk that judges by one framework. */
export function beginFramework(head: PopulationHead, framework: Framework) {
  const { keys, events, runs } = beginFrameworks(head, [framework]);
  return { keys, events, result: (): ComplianceRun => only(runs()) };
}

/**
 * Judges a population by several frameworks in one walk. It is a function of the population: no clock, no chance, and an order of its own.
 * The runs stand in the order of the frameworks.
 */
export async function runFrameworks(
  population: Population,
  frameworks: readonly Framework[],
): Promise<readonly ComplianceRun[]> {
  const walk = beginFrameworks(population.head, frameworks);
  for await (const page of population.keys()) walk.keys(page);
  for await (const page of population.events()) walk.events(page);
  return walk.runs();
}

/** Judges a population by one framework. */
export async function runFramework(population: Population, framework: Framework): Promise<ComplianceRun> {
  return only(await runFrameworks(population, [framework]));
}

/** The run as its one JSON text: the same run has the same bytes. */
export function runText(run: ComplianceRun): string {
  return `${canonicalJson(run)}\n`;
}
