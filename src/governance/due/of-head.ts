import type { Instant } from '#domain';
import type { Attestation, PopulationHead } from '../population.ts';
import { attestationTerms, attestCommand } from '../attestation-subjects.ts';
import type { AttestationSubject } from '../checks/index.ts';
import type { Candidate } from './deadline.ts';
import { renewal } from './of-keys.ts';

function* credentials({ principals }: PopulationHead, now: Instant): Generator<Candidate> {
  for (const { principal, credentials: all } of principals) {
    if (principal.disabled) continue;
    for (const { kind, id, expiresAt } of all) {
      // what is over was refused since then, and whoever needed it knows
      if (expiresAt === null || expiresAt <= now) continue;
      yield {
        kind: 'credential-expires',
        at: expiresAt,
        subject: `credential:${id}`,
        tell: () => ({
          environment: principal.environment,
          name: principal.name,
          owner: principal.name,
          what: `The ${kind === 'token' ? 'token' : 'access key'} ${id} of ${principal.name} expires.`,
          byItself: 'From then on it is refused.',
          todo: 'Make a new one and hand it over, if it is still needed; else let it end.',
          command: renewal(kind, principal.name),
        }),
      };
    }
  }
}

const isKnown = (subject: string): subject is AttestationSubject => Object.hasOwn(attestationTerms, subject);

/** Who stated what in which words of the subjects: a later statement stands for an earlier one. */
const sameStatement = ({ subject, by, environment }: Attestation): string =>
  JSON.stringify([environment ?? null, subject, by]);

function* attestations({ attestations: all }: PopulationHead): Generator<Candidate> {
  const newest = new Map<string, Attestation>();
  for (const attestation of all) {
    const known = newest.get(sameStatement(attestation));
    if (!known || attestation.until > known.until) newest.set(sameStatement(attestation), attestation);
  }
  for (const { id, subject, by, until, environment } of newest.values()) {
    yield {
      kind: 'attestation-ends',
      at: until,
      subject: `attestation:${id}`,
      tell: () => ({
        environment: environment ?? null,
        name: subject,
        owner: by,
        what: `What ${by} stated of ${subject} holds no longer.`,
        byItself: 'From then on the requirements that rest on it are open.',
        todo: 'Look at it again, and state it anew if it is so.',
        command: isKnown(subject) ? attestCommand(subject) : null,
      }),
    };
  }
}

function* certificates({ certificates: all = [] }: PopulationHead): Generator<Candidate> {
  for (const { id, environment, purpose, subject, notAfter, owner } of all) {
    yield {
      kind: 'certificate-ends',
      at: notAfter,
      subject: `certificate:${id}`,
      tell: () => ({
        environment,
        name: subject,
        owner,
        what: `The certificate of ${subject} (${purpose}) ends.`,
        byItself: 'From then on nobody who looks at it accepts it.',
        todo: 'Have a new one issued, and put it in its place before.',
        command: null,
      }),
    };
  }
}

/** What falls due besides keys. A statement or certificate that is over stays until another one stands for it. */
export function* deadlinesOfHead(head: PopulationHead): Generator<Candidate> {
  yield* credentials(head, head.at);
  yield* certificates(head);
  yield* attestations(head);
}
