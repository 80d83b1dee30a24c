import {
  currentVersion,
  endedVersions,
  endWaitingDays,
  importedOf,
  isDestroyed,
  originatorEnd,
  recipientEnd,
  rotationDue,
  type Instant,
  type Key,
  type KeyVersion,
} from '#domain';
import type { KeyFacts } from '../population.ts';
import { shellWord, type Candidate, type Deadline } from './deadline.ts';

type Told = Pick<Deadline, 'what' | 'byItself' | 'todo' | 'command'>;

/** What is said of every deadline of a key. */
function ofKey({ key, names }: KeyFacts, told: Told): ReturnType<Candidate['tell']> {
  const name = names[0] ?? key.id;
  return { environment: key.environment, name, owner: key.owner === '' ? null : key.owner, ...told };
}

const acts: Readonly<Record<string, readonly [string, string]>> = {
  sign: ['sign', 'verify'],
  mac: ['make codes', 'verify codes'],
  wrap: ['wrap keys', 'unwrap keys'],
  derive: ['derive keys', 'derive keys again'],
  'key-agreement': ['agree on secrets', 'agree on secrets'],
  encapsulate: ['encapsulate', 'decapsulate'],
};
const actsOf = ({ usage }: Key) => acts[usage] ?? (['encrypt', 'decrypt'] as const);

function destructionOf(facts: KeyFacts): Candidate | null {
  const { destruction, id } = facts.key;
  if (!destruction) return null;
  return {
    kind: 'destruction',
    at: destruction.dueAt,
    subject: `key:${id}`,
    tell: () =>
      ofKey(facts, {
        what: `Key ${id} is destroyed for ever.`,
        byItself:
          'Its material is erased, every node looks that nothing opens any more, and a certificate can be had.',
        todo: 'Call it off while there is time, if anything still needs the key; afterwards have the holders of copies destroy them.',
        command: `claviger key cancel-destroy ${id}`,
      }),
  };
}

/**
 * The rotation of a key that the house rotates, else the end of the version that protects; null: it protects nothing, and nobody has it do so
 * again by itself.
 */
function protectingEnd(facts: KeyFacts): Candidate | null {
  const { key } = facts;
  const version = currentVersion(key);
  const rotates = key.suspendedAt === null ? rotationDue(key) : null;
  if (rotates !== null && (version.state === 'active' || version.state === 'deactivated'))
    return rotation(facts, rotates);
  const end = originatorEnd(version);
  if (end === null || (version.state !== 'active' && version.state !== 'suspended')) return null;
  return originatorPeriodEnds(facts, end);
}

function rotation(facts: KeyFacts, at: Instant): Candidate {
  const { key } = facts;
  const { number } = currentVersion(key);
  return {
    kind: 'rotation',
    at,
    subject: `key:${key.id}/${number}`,
    tell: () =>
      ofKey(facts, {
        what: `Version ${number} of key ${key.id} is followed by version ${number + 1}.`,
        byItself: `The server makes the new version, which is the one to ${actsOf(key)[0]} from then on.`,
        todo: null,
        command: null,
      }),
  };
}

function originatorPeriodEnds(facts: KeyFacts, end: Instant): Candidate {
  const { key } = facts;
  const { number } = currentVersion(key);
  const subject = `key:${key.id}/${number}`;
  const [protect] = actsOf(key);
  const isImported = key.origin === 'imported' && key.localRotation !== true;
  const command = isImported
    ? `claviger key import FILE --into ${key.id} --next`
    : `claviger key rotate ${key.id}`;
  const suspended = key.suspendedAt === null ? '' : ' It is suspended, and a suspended key is not rotated.';
  return {
    kind: 'originator-period-ends',
    at: end,
    subject,
    tell: () =>
      ofKey(facts, {
        what: `The originator-usage period of version ${number} of key ${key.id} ends.${suspended}`,
        byItself: `From then on the version may not ${protect}, and the server deactivates it.`,
        todo: isImported
          ? 'Bring new material before, and rotate to it; or end the key.'
          : 'Rotate the key before, and give out what its users need of the new version; or end the key.',
        command,
      }),
  };
}

function recipientEndOf(facts: KeyFacts, version: KeyVersion, end: Instant): Candidate {
  const { key } = facts;
  const { number } = version;
  const [, process] = actsOf(key);
  const after = key.periodTerms?.destroysAtEnd ? `, and ${endWaitingDays} days later it is destroyed` : '';
  return {
    kind: 'recipient-period-ends',
    at: end,
    subject: `key:${key.id}/${number}`,
    tell: () =>
      ofKey(facts, {
        what: `The recipient-usage period of version ${number} of key ${key.id} ends.`,
        byItself: `From then on the version may not ${process}${after}.`,
        todo: 'Protect anew, under the newest version, whatever this one still protects and somebody needs.',
        command: `claviger key show ${key.id}`,
      }),
  };
}

function* versionDestructions(facts: KeyFacts): Generator<Candidate> {
  const { key } = facts;
  for (const { number, at } of endedVersions(key))
    yield {
      kind: 'destruction',
      at,
      subject: `key:${key.id}/${number}`,
      tell: () =>
        ofKey(facts, {
          what: `Version ${number} of key ${key.id}, whose recipient-usage period is over, is destroyed for ever.`,
          byItself: 'Its material is erased, by the crypto-period policy of the environment.',
          todo: 'Have an exception approved before, if something that only this version opens is still needed.',
          command: `claviger key show ${key.id}`,
        }),
    };
}

function* extensions(facts: KeyFacts): Generator<Candidate> {
  const { key } = facts;
  for (const { id, version, act, until } of key.periodExtensions ?? []) {
    const [protect, process] = actsOf(key);
    yield {
      kind: 'period-exception-ends',
      at: until,
      subject: `period-exception:${id}`,
      tell: () =>
        ofKey(facts, {
          what: `The exception of version ${version} of key ${key.id} from the crypto-period policy ends.`,
          byItself: `From then on the policy says how long the version may ${act === 'protect' ? protect : process}.`,
          todo: 'Rotate the key before and protect anew what it still protects, or have a new exception approved.',
          command: `claviger key rotate ${key.id}`,
        }),
    };
  }
}

function materialExpires(facts: KeyFacts, about: { subject: string; which: string; at: Instant }): Candidate {
  const { id } = facts.key;
  return {
    kind: 'imported-material-expires',
    at: about.at,
    subject: about.subject,
    tell: () =>
      ofKey(facts, {
        what: `The imported material of ${about.which} of key ${id} expires.`,
        byItself:
          'The server deletes it, and the key works no more until the same material is imported again.',
        todo: 'Import the same material again with a later end, if the key is still needed.',
        command: `claviger key import FILE --into ${id} --expires TIME`,
      }),
  };
}

function* materials(facts: KeyFacts): Generator<Candidate> {
  const { key } = facts;
  for (const version of key.versions) {
    const { isPresent, expiresAt: at } = importedOf(key, version);
    if (isDestroyed(version.state) || !isPresent || at === null) continue;
    const { number } = version;
    yield materialExpires(facts, { subject: `key:${key.id}/${number}`, which: `version ${number}`, at });
  }
  const { pending } = key;
  if (!pending || pending.expiresAt === null) return;
  const { number, expiresAt: at } = pending;
  yield materialExpires(facts, {
    subject: `key:${key.id}/${number}`,
    which: `the coming version ${number}`,
    at,
  });
}

/**
 * What falls due in a key. What is over and needs nobody is left out: an end of a recipient period that passed, material that was deleted. The end
 * of an originator period that passed is not, until the version is deactivated: the key protects nothing until somebody rotates it.
 */
export function* deadlinesOfKey(facts: KeyFacts, now: Instant): Generator<Candidate> {
  const { key } = facts;
  const destruction = destructionOf(facts);
  if (destruction) yield destruction;
  const newest = currentVersion(key);
  // whatever else a key has comes to nothing with it
  if (destruction || isDestroyed(newest.state)) return;

  const protecting = protectingEnd(facts);
  if (protecting) yield protecting;
  for (const version of key.versions) {
    const over = isDestroyed(version.state) ? null : recipientEnd(version);
    if (over !== null && over > now) yield recipientEndOf(facts, version, over);
  }
  yield* versionDestructions(facts);
  yield* extensions(facts);
  yield* materials(facts);
}

/** The command by which a principal gets a new credential. */
export function renewal(kind: 'access-key' | 'token', principal: string): string {
  return `claviger principal ${kind} ${shellWord(principal)}`;
}
