import type { Key } from '#domain';
import { detectorOf, hasMaterial, isInService, ofKey, type Tell } from './define.ts';
import { dayMillis, dayOf, said, some, type Known } from './known.ts';
import { limits } from './limits.ts';

/** Words that stand where nobody had one. */
const blanks: ReadonlySet<string> = new Set([
  '',
  '-',
  '?',
  'default',
  'n/a',
  'na',
  'nil',
  'nobody',
  'none',
  'null',
  'tbd',
  'todo',
  'unclassified',
  'undefined',
  'unknown',
  'unset',
  'x',
]);

const isBlank = (text: string): boolean => text.length <= 16 && blanks.has(text.trim().toLowerCase());

/** What a tag says, where one of these says something. */
function tagged({ tags }: Key, names: ReadonlySet<string>): boolean {
  return tags.some(({ key, value }) => names.has(key.toLowerCase()) && !isBlank(value));
}

const ownerTags: ReadonlySet<string> = new Set(['owner', 'team', 'claviger:owner']);
const classTags: ReadonlySet<string> = new Set([
  'classification',
  'data-classification',
  'dataclassification',
  'sensitivity',
]);

/** Keys that are there, and are to stay. */
const isKept = (key: Key): boolean => key.destruction === null && hasMaterial(key);

/** Keys without an owner. */
export const ownerMissing = detectorOf('owner-missing', (_known, tell) => ({
  key({ key }) {
    if (!isBlank(key.owner) || !isKept(key) || tagged(key, ownerTags)) return;
    tell({
      ...ofKey(key),
      what: `Nobody answers for key ${key.id}.`,
      remedy: `claviger key tag ${key.id} owner=TEAM`,
      since: key.createdAt,
    });
  },
}));

/** Keys whose owner is gone. */
export const ownerGone = detectorOf('owner-gone', ({ principal }, tell) => ({
  key({ key }) {
    const { owner, environment, createdBy } = key;
    const found = principal(environment, owner);
    if (found ? !found.principal.disabled : !wasPrincipal(key)) return;
    if (isBlank(owner) || !isKept(key) || tagged(key, ownerTags)) return;
    tell({
      ...ofKey(key),
      what: `${said(owner)}, who answers for key ${key.id}, ${found ? 'is disabled' : 'is a principal no more'}.`,
      remedy: `Say who took it over: claviger key tag ${key.id} owner=TEAM`,
      since: null,
      // without a principal of that name it may as well be a team that made it
      ...(found || owner !== createdBy ? {} : { severity: 'low' }),
    });
  },
}));

/** An owner that nobody chose is the principal that made the key; whatever else it is may be a team. */
function wasPrincipal({ owner, createdBy }: Key): boolean {
  return owner === createdBy && owner !== 'system' && !owner.includes('/');
}

/** Counts the keys of each environment that do not say something, and tells an environment of which too many do not. */
function coverage(
  { head }: Known,
  tell: Tell,
  ways: {
    readonly isMissing: (key: Key) => boolean;
    readonly what: (missing: number, total: number, examples: string) => string;
    readonly remedy: string;
  },
) {
  const counts = new Map(
    head.environments.map(({ name }) => [name, { total: 0, missing: 0, examples: [] as string[] }]),
  );
  return {
    key({ key }: { readonly key: Key }) {
      const count = counts.get(key.environment);
      if (!count || !isKept(key)) return;
      count.total += 1;
      if (!ways.isMissing(key)) return;
      count.missing += 1;
      if (count.examples.length < 5) count.examples.push(key.id);
    },
    end() {
      for (const [environment, { total, missing, examples }] of counts) {
        if (missing === 0 || (total - missing) / total >= limits.coverage) continue;
        tell({
          subject: `environment:${environment}`,
          environment,
          what: ways.what(missing, total, some(examples, missing)),
          remedy: ways.remedy,
          since: null,
        });
      }
    },
  };
}

/** Environments whose keys belong to whoever administrates. */
export const ownerByDefault = detectorOf('owner-by-default', (known, tell) =>
  coverage(known, tell, {
    isMissing: (key) =>
      key.owner === key.createdBy &&
      !tagged(key, ownerTags) &&
      known.principal(key.environment, key.owner)?.principal.roles.includes('administrator') === true,
    what: (missing, total, examples) =>
      `${missing} of ${total} keys belong to the administrator who made them, not to who needs them: ${examples}.`,
    remedy: 'Say it when a key is made (--owner), and of these: claviger key tag KEY owner=TEAM',
  }),
);

/** Environments whose keys do not say how sensitive the data is. */
export const unclassified = detectorOf('unclassified', (known, tell) =>
  coverage(known, tell, {
    isMissing: (key) => isBlank(key.dataClassification) && !tagged(key, classTags),
    what: (missing, total, examples) =>
      `${missing} of ${total} keys do not say how sensitive the data under them is: ${examples}.`,
    remedy: 'claviger key tag KEY data-classification=confidential',
  }),
);

/** Keys of which nothing says what they are for. */
export const purposeUnsaid = detectorOf('purpose-unsaid', ({ at }, tell) => ({
  key({ key, names }) {
    if (names.length > 0 || !isBlank(key.description) || key.tags.some(({ value }) => !isBlank(value)))
      return;
    if (!isKept(key) || at - key.createdAt <= limits.settling * dayMillis) return;
    tell({
      ...ofKey(key),
      what: `Key ${key.id} has no name, no description and no tag: nothing says what it is for.`,
      remedy: `claviger key set-description ${key.id} TEXT`,
      since: key.createdAt,
    });
  },
}));

/** Keys that work and that nothing uses. */
export const unused = detectorOf('unused', ({ at }, tell) => ({
  key({ key, lastUse, uses, counts }) {
    if (!isInService(key) || !hasMaterial(key)) return;
    const isNew = lastUse === null && uses.length === 0 && counts.length === 0;
    const last = Math.max(key.createdAt, lastUse?.at ?? 0, ...uses.map((use) => use.lastAt));
    if (at - last <= (isNew ? limits.neverUsed : limits.unused) * dayMillis) return;
    // counted, but nobody knows when: nothing is said of it
    if (lastUse === null && uses.length === 0 && !isNew) return;
    const days = isNew ? limits.neverUsed : limits.unused;
    tell({
      ...ofKey(key),
      what: isNew
        ? `Key ${key.id} was made on ${dayOf(key.createdAt)} and nothing ever used it.`
        : `Nothing has used key ${key.id} since ${dayOf(last)}.`,
      remedy: `Ask its owner ${said(key.owner)}; then claviger key disable ${key.id}, and in a month claviger key schedule-destroy ${key.id}`,
      since: last + days * dayMillis,
    });
  },
}));
