import type { FirstSeenSet } from '../memory/first-seen-set.ts';
import { keySeen } from '../memory/key-profile.ts';
import { principalSeen } from '../memory/principal-profile.ts';
import { siteOf } from '../normal/network.ts';
import { isUse } from '../normal/usage-event.ts';
import { signal, signalTable, type Sighting, type Signal, type SignalName } from './signal.ts';

/** Weight of something new that is usual among peers; of a new kind of operation, where the key itself is new. */
const backedOff: Readonly<Partial<Record<SignalName, number>>> = {
  'new-operation': 0.3,
  'new-network': 0.25,
  'new-agent': 0.1,
};
/** What a refused attempt weighs of one that succeeded: it did no harm, and mistakes of set-up look the same. */
const refusedShare = 0.6;
/** A set that is fuller than this is of something diverse. */
const diverseFrom = 0.5;
/** A principal with this many hours of the week behind it has hours that are not its own. */
const hoursUsedMax = 100;

/** Values of one kind in a set of those that were seen. */
type Place = { readonly set: FirstSeenSet; readonly kind: number };

/** Notes a value; true while it is new. What was refused teaches nothing. */
function isNew(sighting: Sighting, { set, kind }: Place, value: number, isLearning: boolean): boolean {
  const { event, hour, settings } = sighting;
  if (event.refusal !== null && !isLearning) return !set.has(kind, value);
  return set.note(kind, value, hour, isLearning, settings.dedupeHours) !== 'known';
}

function weigh(name: SignalName, { event }: Sighting, { set, kind }: Place, isUsual: boolean): number {
  const full = (isUsual ? backedOff[name] : undefined) ?? signalTable[name].weight;
  const diverse = set.fullness(kind) > diverseFrom ? full / 2 : full;
  return event.refusal === null ? diverse : diverse * refusedShare;
}

/** Who, from where, with what, for the first time. */
export function firstSeen(sighting: Sighting, found: Signal[]): void {
  const { event } = sighting;
  if (event.refusal === 'house') return;
  network(sighting, found);
  hours(sighting, found);
  // exports have a rule of their own
  if (isUse(event.operation) && event.operation !== 'export') {
    const isLearnt = operation(sighting, found);
    if (sighting.key) useOfKey(sighting, isLearnt, found);
  }
}

function network(sighting: Sighting, found: Signal[]): void {
  const { event, principal, spread, principalIsNew, hour } = sighting;
  const place = { set: principal.seen, kind: principalSeen.network };
  if (!isNew(sighting, place, spread(event.network), principalIsNew)) return;
  const about = `a network never seen with this principal: ${event.network}`;
  const { familiesThere, isUsual } = networkPeers(sighting);
  const baseline = {
    networksKnown: place.set.size(place.kind) - (event.refusal === null ? 1 : 0),
    familiesThere,
    daysKnown: Math.floor((hour - principal.since) / 24),
  };
  found.push(signal('new-network', about, baseline, weigh('new-network', sighting, place, isUsual)));
}

/** Whether others are there, or at least at its site. */
function networkPeers({ event, peers, settings, spread }: Sighting) {
  const family = spread(event.family);
  const familiesThere = peers.others(spread(`network ${event.environment} ${event.network}`), family);
  const site = siteOf(event.network);
  const nearby = site === null ? 0 : peers.others(spread(`site ${event.environment} ${site}`), family);
  return { familiesThere, isUsual: Math.max(familiesThere, nearby) >= settings.peersMin };
}

function hours(sighting: Sighting, found: Signal[]): void {
  const { event, principal, hour, isLearning, principalIsNew } = sighting;
  if (event.refusal !== null || !principal.hours.note(hour) || isLearning || principalIsNew) return;
  const { used } = principal.hours;
  if (used > hoursUsedMax) return;
  found.push(signal('new-hour', 'an hour of the week never used by this principal', { hoursUsed: used - 1 }));
}

/** Tells whether this class is new for the principal altogether. */
function operation(sighting: Sighting, found: Signal[]): boolean {
  const { event, principal, spread, principalIsNew, keyIsNew, hour } = sighting;
  const place = { set: principal.seen, kind: principalSeen.operation };
  if (!isNew(sighting, place, spread(event.operation), principalIsNew)) return false;
  const classesKnown = place.set.size(place.kind);
  const baseline = { classesKnown, daysKnown: Math.floor((hour - principal.since) / 24) };
  const about = `${event.operation} by a principal that never did it`;
  found.push(signal('new-operation', about, baseline, weigh('new-operation', sighting, place, keyIsNew)));
  return true;
}

function useOfKey(sighting: Sighting, isNewOperation: boolean, found: Signal[]): void {
  const { event, key, spread, keyIsNew, hour } = sighting;
  if (!key) return;
  const set = key.seen;
  const note = (kind: number, text: string) => isNew(sighting, { set, kind }, spread(text), keyIsNew);
  const push = (name: SignalName, kind: number, about: string, isUsual = false) => {
    const baseline = { daysKnown: Math.floor((hour - key.since) / 24), known: set.size(kind) };
    found.push(signal(name, about, baseline, weigh(name, sighting, { set, kind }, isUsual)));
  };
  const isFamilyNew = note(keySeen.family, event.family);
  if (isFamilyNew) push('new-principal', keySeen.family, 'a principal that never used this key');
  if (note(keySeen.use, `${event.operation} ${event.family}`) && !isFamilyNew && !isNewOperation) {
    const about = `${event.operation} by a principal that used this key otherwise`;
    push('new-operation-on-key', keySeen.use, about);
  }
  if (note(keySeen.agent, event.agent)) {
    const about = `a client never seen with this key: ${event.agent}`;
    push('new-agent', keySeen.agent, about, hasAgentPeers(sighting));
  }
  if (note(keySeen.shape, event.contextShape)) {
    const about = `an encryption context of a shape never seen with this key: ${event.contextShape}`;
    push('new-context-shape', keySeen.shape, about);
  }
}

function hasAgentPeers({ event, peers, settings, spread }: Sighting): boolean {
  const shared = spread(`agent ${event.environment} ${event.agent}`);
  return peers.others(shared, spread(event.family)) >= settings.peersMin;
}

/** Lets the peers of a principal know what is usual among them. */
export function teachPeers({ event, peers, spread }: Sighting): void {
  if (event.refusal !== null) return;
  const family = spread(event.family);
  peers.note(spread(`network ${event.environment} ${event.network}`), family);
  const site = siteOf(event.network);
  if (site !== null) peers.note(spread(`site ${event.environment} ${site}`), family);
  if (!isUse(event.operation)) return;
  peers.note(spread(`agent ${event.environment} ${event.agent}`), family);
}
