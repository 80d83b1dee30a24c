import { createHash } from 'node:crypto';
import type { Instant } from '#domain';
import type { CheckOutcome } from './check.ts';
import { evidenceIndex, type EvidenceItem } from './evidence-index.ts';
import type { ComplianceRun, RequirementResult } from './framework.ts';
import { methodWords, outcomeMeanings, outcomeWords, verdictWords } from './report-words.ts';
import { runText } from './run.ts';

/** The version of the models that is written. */
const oscalVersion = '1.1.2';

/** Namespace of properties and of names that are ours. */
const ours = 'urn:claviger:oscal';
/** Namespace of the UUIDs, a random one made once. */
const uuidSpace = Buffer.from('6f1d8a0e2b7c4d539a4e1c5f7b90d2e6', 'hex');

/** Where the plan lies: beside the results. */
const planFile = 'assessment-plan.json';

//= rfc9562 5.5: a name-based UUID; OSCAL takes versions 4 and 5 only
function uuidOf(name: string): string {
  const hash = createHash('sha1').update(uuidSpace).update(name).digest();
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x50, 6);
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = hash.toString('hex', 0, 16);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    '-',
  );
}

/** A string as OSCAL's models want it: one line, that does not begin or end with white space, and is not empty. */
function oneLine(text: string): string {
  return (
    text
      .toWellFormed()
      .replace(/[\s\p{Cc}]+/gu, ' ')
      .trim() || '-'
  );
}

/** An id as a token: a letter or underscore first, then letters, digits, dots, dashes and underscores. */
function tokenOf(id: string): string {
  return `r-${id.replace(/[^A-Za-z0-9.-]+/g, '_').replace(/_$/, '')}`;
}

const timeOf = (at: Instant): string => new Date(at).toISOString();

type Property = { readonly name: string; readonly ns: string; readonly value: string };

function property(name: string, value: string | number): Property {
  return { name, ns: ours, value: oneLine(String(value)) };
}

/** Names of everything in the documents of a run: the same run has the same. */
type Names = { readonly of: (kind: string, id?: string) => string };

function namesOf(run: ComplianceRun): Names {
  const digest = createHash('sha256').update(runText(run)).digest('hex');
  return { of: (kind, id = '') => uuidOf(`${digest}\n${kind}\n${id}`) };
}

function metadataOf(run: ComplianceRun, title: string) {
  return {
    title: oneLine(title),
    'last-modified': timeOf(run.at),
    version: timeOf(run.at),
    'oscal-version': oscalVersion,
    props: [property('framework', run.framework.id), property('software', run.software)],
  };
}

function reviewedOf({ framework, requirements }: ComplianceRun) {
  return {
    description: framework.scope,
    'control-selections': [
      {
        description: `Requirements of ${framework.title}; each id is that of the standard after "r-".`,
        'include-controls': requirements.map(({ id }) => ({ 'control-id': tokenOf(id) })),
      },
    ],
  };
}

type Check = ComplianceRun['checks'][number];

/** Key ids of exceptions, each once: they are the items of inventory that something is said of. */
function keysIn(checks: readonly Check[]): readonly string[] {
  const ids = checks.flatMap(({ exceptions }) =>
    exceptions.flatMap(({ subject }) => (subject.startsWith('key:') ? [subject.slice('key:'.length)] : [])),
  );
  return [...new Set(ids)].sort();
}

function observationOf(run: ComplianceRun, names: Names, check: Check, evidence: readonly EvidenceItem[]) {
  const its = evidence.filter(({ checks }) => checks.includes(check.id));
  const subjects = keysIn([check]);
  const remarks = check.exceptions.map(({ subject, why }) => `- ${oneLine(subject)}: ${oneLine(why)}`);
  return {
    uuid: names.of('observation', check.id),
    title: oneLine(check.title),
    description: oneLine(check.reason),
    props: [
      property('check-id', check.id),
      property('check-version', check.version),
      property('outcome', check.outcome),
      property('population', check.population),
      property('exceptions', check.exceptionsTotal),
    ],
    methods: [check.method],
    types: [check.outcome === 'fail' ? 'finding' : 'control-objective'],
    origins: [{ actors: [{ type: 'tool', 'actor-uuid': names.of('component') }] }],
    ...(subjects.length > 0
      ? {
          subjects: subjects.map((id) => ({
            'subject-uuid': names.of('key', id),
            type: 'inventory-item',
          })),
        }
      : {}),
    ...(its.length > 0
      ? {
          'relevant-evidence': its.map(({ id, what }) => ({
            href: `#${names.of('evidence', id)}`,
            description: oneLine(`${id}: ${what}`),
          })),
        }
      : {}),
    collected: timeOf(run.at),
    ...(remarks.length > 0 ? { remarks: remarks.join('\n') } : {}),
  };
}

/** What has no status in OSCAL's words: a person must show it, so that it is observed and not found. */
function openObservationOf(
  run: ComplianceRun,
  names: Names,
  { id, gist, outcome, reason }: RequirementResult,
) {
  return {
    uuid: names.of('requirement', id),
    title: oneLine(`${id}: ${gist}`),
    description: oneLine(reason),
    props: [property('requirement-id', id), property('outcome', outcome)],
    methods: ['EXAMINE'],
    types: ['control-objective'],
    origins: [{ actors: [{ type: 'tool', 'actor-uuid': names.of('component') }] }],
    collected: timeOf(run.at),
    remarks: oneLine(outcomeMeanings[outcome]),
  };
}

const states: Readonly<Partial<Record<CheckOutcome, readonly [state: string, reason: string]>>> =
  Object.freeze({
    pass: ['satisfied', 'pass'],
    fail: ['not-satisfied', 'fail'],
    'no-data': ['not-satisfied', 'other'],
    'not-applicable': ['satisfied', 'other'],
  });

function findingOf(names: Names, { id, gist, outcome, reason, checks }: RequirementResult) {
  const [state, why] = states[outcome] ?? ['not-satisfied', 'other'];
  return {
    uuid: names.of('finding', id),
    title: oneLine(`${id}: ${gist}`),
    description: oneLine(reason),
    props: [property('requirement-id', id), property('outcome', outcome)],
    target: {
      type: 'objective-id',
      'target-id': tokenOf(id),
      status: {
        state,
        reason: why,
        remarks: oneLine(`${outcomeWords[outcome]}: ${outcomeMeanings[outcome]}.`),
      },
    },
    'related-observations': checks.map((check) => ({ 'observation-uuid': names.of('observation', check) })),
  };
}

/** Statements of persons that something rests on. */
function attestationsOf(names: Names, evidence: readonly EvidenceItem[]) {
  const parts = evidence
    .filter(({ reference }) => reference.kind === 'attestation')
    .map(({ id, what, checks }) => ({
      uuid: names.of('part', id),
      name: 'attestation',
      ns: ours,
      title: oneLine(`${id}: ${what}`),
      prose: oneLine(`Checks that rest on it: ${checks.join(', ')}.`),
    }));
  return parts.length > 0 ? { attestations: [{ parts }] } : {};
}

function resultsOf(run: ComplianceRun) {
  const names = namesOf(run);
  const evidence = evidenceIndex(run);
  const keys = keysIn(run.checks);
  const title = `Compliance run: ${run.framework.title}`;
  const observations = [
    ...run.checks.map((check) => observationOf(run, names, check, evidence)),
    ...run.requirements
      .filter(({ outcome }) => outcome === 'manual')
      .map((requirement) => openObservationOf(run, names, requirement)),
  ];
  const findings = run.requirements
    .filter(({ outcome }) => outcome !== 'manual')
    .map((requirement) => findingOf(names, requirement));
  return {
    'assessment-results': {
      uuid: names.of('assessment-results'),
      metadata: metadataOf(run, title),
      'import-ap': { href: planFile },
      results: [
        {
          uuid: names.of('result'),
          title: oneLine(title),
          description: oneLine(verdictWords(run)),
          start: timeOf(run.at),
          end: timeOf(run.at),
          props: [
            property('keys', run.keys),
            ...(run.log
              ? [property('log-root', run.log.root || '-'), property('log-size', run.log.size)]
              : []),
          ],
          'local-definitions': {
            components: [
              {
                uuid: names.of('component'),
                type: 'software',
                title: 'Claviger',
                description: `The key-management server that judged and is judged: ${oneLine(run.software)}.`,
                status: { state: 'operational' },
              },
            ],
            ...(keys.length > 0
              ? {
                  'inventory-items': keys.map((id) => ({
                    uuid: names.of('key', id),
                    description: oneLine(`Key ${id}`),
                    props: [property('key-id', id)],
                    'implemented-components': [{ 'component-uuid': names.of('component') }],
                  })),
                }
              : {}),
          },
          'reviewed-controls': reviewedOf(run),
          ...attestationsOf(names, evidence),
          ...(observations.length > 0 ? { observations } : {}),
          ...(findings.length > 0 ? { findings } : {}),
          remarks: methodWords(run).map(oneLine).join('\n'),
        },
      ],
      ...(evidence.length > 0
        ? {
            'back-matter': {
              resources: evidence.map(({ id, what, reference }) => ({
                uuid: names.of('evidence', id),
                title: id,
                description: oneLine(what),
                props: [property('evidence-id', id), property('kind', reference.kind)],
              })),
            },
          }
        : {}),
    },
  };
}

/** The plan that results must name: every check of the framework, over the whole population. */
function planOf(run: ComplianceRun) {
  const names = namesOf(run);
  return {
    'assessment-plan': {
      uuid: names.of('assessment-plan'),
      metadata: metadataOf(run, `Assessment plan: ${run.framework.title}`),
      'import-ssp': {
        href: `#${names.of('ssp')}`,
        remarks: 'The system security plan is that of the organisation; this software has none.',
      },
      'reviewed-controls': reviewedOf(run),
      'back-matter': {
        resources: [
          {
            uuid: names.of('ssp'),
            title: 'System security plan of the organisation',
            description: 'It is kept by the organisation and is put in the place of this resource.',
          },
        ],
      },
    },
  };
}

/**
 * The run as assessment results of OSCAL. Its UUIDs are made of the run, its times are the run's: the same run gives the same bytes. A
 * requirement that a person must show is an observation, and no finding. The plan that it names lies beside it, as `assessment-plan.json`.
 */
export function assessmentResultsText(run: ComplianceRun): string {
  return `${JSON.stringify(resultsOf(run), null, 2)}\n`;
}

/** The plan that assessment results must name; of the same run. */
export function assessmentPlanText(run: ComplianceRun): string {
  return `${JSON.stringify(planOf(run), null, 2)}\n`;
}
