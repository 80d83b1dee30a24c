import { isDestroyed, recipientEnd, type Destruction, type Instant, type Key } from '#domain';
import { detectorOf, enteredAt, hasMaterial, ofKey, type Flaw } from './define.ts';
import { dayMillis, dayOf, said, some } from './known.ts';
import { limits } from './limits.ts';

const destroyCommand = ({ id }: Key): string => `claviger key schedule-destroy ${id}`;

/** Keys that protect no more, nor are asked for, and versions that can't open anything by their period. */
export const retiredNotDestroyed = detectorOf('retired-not-destroyed', ({ at }, tell) => ({
  key({ key, lastUse }) {
    if (key.destruction !== null) return;
    const newest = key.versions.at(-1);
    if (newest?.state === 'deactivated' && hasMaterial(key)) {
      const retired = enteredAt(newest, (state) => state === 'deactivated') ?? newest.createdAt;
      const asked = Math.max(retired, lastUse?.at ?? retired);
      if (at - asked > limits.retention * dayMillis) {
        const since = asked + limits.retention * dayMillis;
        tell({
          ...ofKey(key),
          what: `Key ${key.id} protects no more since ${dayOf(retired)}, nobody asked for it since ${dayOf(asked)}, and no destruction is scheduled.`,
          remedy: destroyCommand(key),
          since,
        });
        return;
      }
    }
    const over = key.versions.filter((version) => {
      const end = recipientEnd(version);
      return end !== null && at - end > limits.recipientGrace * dayMillis && !isDestroyed(version.state);
    });
    const [first] = over;
    if (!first || !hasMaterial(key)) return;
    tell({
      ...ofKey(key),
      what: `The recipient period of ${over.length === 1 ? 'version' : 'versions'} ${some(over.map(({ number }) => String(number)))} of key ${key.id} is over, so that nothing opens, and the material is still there.`,
      remedy:
        over.length === key.versions.length
          ? destroyCommand(key)
          : `Let it go: vault write transit/keys/NAME/trim min_available_version=${(over.at(-1)?.number ?? 0) + 1}; or ${destroyCommand(key)} once nothing needs the key`,
      since: recipientEnd(first),
    });
  },
}));

/** Compromised versions that stay. */
export const compromisedNotDestroyed = detectorOf('compromised-not-destroyed', ({ at }, tell) => ({
  key({ key }) {
    if (key.destruction !== null) return;
    const found = key.versions.find(({ state }) => state === 'compromised');
    const since = found && enteredAt(found, (state) => state === 'compromised');
    if (!since || at - since <= limits.compromise * dayMillis) return;
    tell({
      ...ofKey(key),
      what: `Version ${found.number} of key ${key.id} is compromised since ${dayOf(since)} and not destroyed, nor will be.`,
      remedy: `Protect anew what is under it, then: ${destroyCommand(key)}`,
      since: since + limits.compromise * dayMillis,
    });
  },
}));

/** What is wrong with a destruction; null: nothing, so far. */
function wrongWith(destruction: Destruction, at: Instant): Pick<Flaw, 'what' | 'since' | 'severity'> | null {
  const { keyId, step, dueAt, execution, checks } = destruction;
  const opened = checks.find(({ opens }) => opens);
  if (opened && step !== 'cancelled')
    return {
      what: `Version ${opened.version} of key ${keyId}, which is destroyed, still opened on node ${said(opened.node)} on ${dayOf(opened.at)}.`,
      since: opened.at,
      severity: 'critical',
    };
  const late = (since: Instant): boolean => at - since > limits.destructionGrace * dayMillis;
  if ((step === 'scheduled' || step === 'begun') && late(dueAt))
    return {
      what: `The destruction of key ${keyId} was due on ${dayOf(dueAt)} and is not done.`,
      since: dueAt,
    };
  if (step === 'executed' && execution && late(execution.at))
    return {
      what: `Key ${keyId} was destroyed on ${dayOf(execution.at)}, and nobody has seen that nothing opens any more: there is no certificate of it.`,
      since: execution.at,
    };
  return null;
}

/** Destructions that are late, or not proved, or of which there is no record. */
export const destructionUnproved = detectorOf('destruction-unproved', ({ at }, tell) => ({
  key({ key, destruction }) {
    const wrong = destruction && wrongWith(destruction, at);
    const remedy = `claviger key destruction ${key.id} says which node has to look; start that node, and claviger doctor`;
    if (wrong) tell({ ...ofKey(key), remedy, ...wrong });
    if (destruction && destruction.step !== 'cancelled') return;
    if (!key.versions.every(({ state }) => isDestroyed(state))) return;
    tell({
      ...ofKey(key),
      what: `All versions of key ${key.id} are destroyed, and there is no record of the destruction of the key.`,
      remedy: `Look who did it: claviger audit list --key ${key.id}`,
      since: key.versions.at(-1)?.history.at(-1)?.at ?? null,
    });
  },
}));

/** Exported copies of keys that are destroyed. */
export const copyOutlivesKey = detectorOf('copy-outlives-key', ({ at }, tell) => ({
  key({ key, copies }) {
    if (copies.length === 0 || !key.versions.every(({ state }) => isDestroyed(state))) return;
    const gone = Math.max(...key.versions.map(({ history }) => history.at(-1)?.at ?? 0));
    const left = copies.filter(({ status }) => status !== 'destroyed');
    const [first] = left;
    if (!first || at - gone <= limits.copyGrace * dayMillis) return;
    const places = some(left.map(({ place, holder }) => `${said(place)} with ${said(holder)}`));
    tell({
      ...ofKey(key),
      what: `Key ${key.id} is destroyed since ${dayOf(gone)}, and copies that open what it protected are not: ${places}.`,
      remedy: `Have each holder destroy the copy, then: claviger escrow acknowledge ${first.id} --destroyed`,
      since: gone,
    });
  },
}));

/** Keys that are suspended for long. */
export const suspendedLong = detectorOf('suspended-long', ({ at }, tell) => ({
  key({ key }) {
    const { suspendedAt } = key;
    if (suspendedAt === null || key.destruction !== null || !hasMaterial(key)) return;
    if (at - suspendedAt <= limits.suspension * dayMillis) return;
    tell({
      ...ofKey(key),
      what: `Key ${key.id} is suspended since ${dayOf(suspendedAt)}.`,
      remedy: `Decide: claviger key enable ${key.id}, or ${destroyCommand(key)}`,
      since: suspendedAt + limits.suspension * dayMillis,
    });
  },
}));
