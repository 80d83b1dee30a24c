import { isUse } from '../normal/usage-event.ts';
import { signal, signalTable, type Sighting, type Signal } from './signal.ts';

/** Weight of an hour that only just passes the gate, and what each doubling beyond adds. */
const volumeWeightMin = 0.3;
const volumeWeightDoubling = 0.2;
/** A day of fewer uses than so many of the smallest remarkable hour grows unremarked. */
const driftDaysOfVolume = 2;

/** How often a key is used and a principal refused, against what is usual. Volume is the weak signal: it must pass three gates. */
export function howOften(sighting: Sighting, found: Signal[]): void {
  denials(sighting, found);
  const { event, key } = sighting;
  if (!key || !isUse(event.operation) || event.refusal !== null) return;
  volume(sighting, found);
  drift(sighting, found);
}

function denials({ event, principal, settings, isLearning }: Sighting, found: Signal[]): void {
  const { refusal } = event;
  if (refusal === 'house') return;
  const sum = principal.denials.add(refusal === 'denied' || refusal === 'unreadable' || refusal === 'absent');
  if (isLearning || sum < settings.denialSumMax) return;
  const { refused, usualShare } = principal.denials;
  found.push(
    signal('denials', `${refused} refused requests, far above what is usual`, { refused, usualShare }),
  );
  principal.denials.reset();
}

function volume({ key, hour, settings, isExpected }: Sighting, found: Signal[]): void {
  if (!key) return;
  const count = key.volume.add(hour, isExpected);
  const ageDays = (hour - key.since) / 24;
  if (isExpected || count < settings.volumeMin || ageDays < settings.learningDays) return;
  const { peak } = key.volume;
  if (count <= settings.volumeFactor * peak) return;
  const { usual, deviation } = key.volume.surge();
  if (deviation < settings.volumeDeviations) return;
  const ratio = count / (settings.volumeFactor * Math.max(peak, settings.volumeMin / 2));
  const weight = Math.min(
    signalTable.volume.weight,
    Math.max(volumeWeightMin, volumeWeightMin + volumeWeightDoubling * Math.log2(ratio)),
  );
  const about = `${count} uses in an hour; ${usual} are usual, and at most ${peak} in the 28 days before`;
  found.push(
    signal('volume', about, { count, usual, peak, deviation: Math.round(deviation * 10) / 10 }, weight),
  );
}

function drift({ key, day, settings, isLearning, keyIsNew, isExpected }: Sighting, found: Signal[]): void {
  if (!key) return;
  const state = key.drift.add(day, isExpected);
  if (!state || state.sum < settings.driftSumMax || isLearning || keyIsNew) return;
  const { usualDaily, recentDaily } = state;
  if (recentDaily < driftDaysOfVolume * settings.volumeMin) return;
  key.drift.reset();
  const about = `growing for days: ${recentDaily} uses yesterday, ${usualDaily} were usual on such a day`;
  found.push(signal('drift', about, { usualDaily, recentDaily, sum: Math.round(state.sum * 10) / 10 }));
}
