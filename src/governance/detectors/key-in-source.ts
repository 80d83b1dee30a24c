import type { Instant } from '#domain';
import type { Copy } from '#ports';
import type { CredentialFacts, EnvironmentFacts, PrincipalFacts } from '../population.ts';
import { detectorOf, hasMaterial, ofKey } from './define.ts';
import { dayMillis, dayOf, said, some } from './known.ts';
import { limits } from './limits.ts';

const hourMillis = 3_600_000;

/** Whether it came with its environment: somebody must open the house first. */
function isFirst(
  { createdAt }: CredentialFacts,
  { principal }: PrincipalFacts,
  environment: EnvironmentFacts | undefined,
): boolean {
  return (
    environment !== undefined &&
    principal.roles.includes('administrator') &&
    principal.createdAt - environment.createdAt < hourMillis &&
    createdAt - environment.createdAt < hourMillis
  );
}

function endsInTime({ createdAt, expiresAt }: CredentialFacts, at: Instant): boolean {
  if (expiresAt === null) return false;
  return expiresAt <= at || expiresAt - createdAt <= limits.credentialLife * dayMillis;
}

/** Static credentials without an end that are older than they should be. */
export const longLivedCredential = detectorOf('long-lived-credential', ({ head, at }, tell) => ({
  end() {
    const environments = new Map(head.environments.map((environment) => [environment.name, environment]));
    for (const facts of head.principals) {
      const { principal, credentials } = facts;
      if (principal.disabled) continue;
      for (const credential of credentials) {
        const { id, kind, createdAt, expiresAt } = credential;
        if (endsInTime(credential, at)) continue;
        const first = isFirst(credential, facts, environments.get(principal.environment));
        const days = first ? limits.firstCredential : limits.credential;
        if (at - createdAt <= days * dayMillis) continue;
        const what = kind === 'token' ? 'token' : 'access key';
        const until = expiresAt === null ? 'has no end' : `ends on ${dayOf(expiresAt)} only`;
        tell({
          subject: `credential:${id}`,
          environment: principal.environment,
          what: `The ${what} ${id} of ${said(principal.name)} was made on ${dayOf(createdAt)} and ${until}; ${days} days are the limit.`,
          remedy: `Make another one (claviger principal ${kind} ${principal.name}), bring it to where this one is used, then: claviger principal revoke ${principal.name} ${id}`,
          since: createdAt + days * dayMillis,
          // what the first administrator keeps is seldom in anybody's repository
          ...(first ? { severity: 'low' } : {}),
        });
      }
    }
  },
}));

/** Whether a copy of a key is there, and in plain text. */
export function isClear({ status, detail }: Copy): boolean {
  return status !== 'destroyed' && detail['wrap'] === 'none';
}

/** Keys of which a copy in plain text is somewhere. */
export const exportedInClear = detectorOf('exported-in-clear', (_known, tell) => ({
  key({ key, copies }) {
    const clear = copies.filter(isClear);
    const [first] = clear;
    if (!first) return;
    const places = some(clear.map(({ place, holder }) => `${said(place)} with ${said(holder)}`));
    tell({
      ...ofKey(key),
      what: `Key ${key.id} was given out in plain text, and the copies are not said to be gone: ${places}.`,
      remedy: `Find and destroy each copy, then: claviger escrow acknowledge ${first.id} --destroyed. Where that is not sure: claviger key rotate ${key.id}, and protect anew what is under the old versions`,
      since: Math.min(...clear.map(({ createdAt }) => createdAt)),
    });
  },
}));

/** Keys that may be copied out in plain text, and were not yet. */
export const clearBackupAllowed = detectorOf('clear-backup-allowed', (_known, tell) => ({
  key({ key, copies }) {
    if (!key.plaintextBackup || !hasMaterial(key) || key.destruction || copies.some(isClear)) return;
    tell({
      ...ofKey(key),
      what: `Key ${key.id} may be backed up in plain text by whoever may export it, and for ever: the setting can't be taken back.`,
      remedy: `Use claviger backup create for backups; for data that must not leave, make another key without plain-text backup and protect anew under it`,
      since: key.createdAt,
    });
  },
}));
