import type { DetectorSettings } from '../settings.ts';
import { DailyDrift } from './daily-drift.ts';
import { FirstSeenSet } from './first-seen-set.ts';
import { HourlyVolume } from './hourly-volume.ts';

/** Most bytes of numbers that a detector keeps for one key, whatever is done with it. */
export const keyBytesMax = 4_192;

/** What was seen with a key; the numbers are kinds of its set. */
export const keySeen = Object.freeze({ family: 0, use: 1, agent: 2, shape: 3, environment: 4 });

/** How many of each are kept: families of principals, pairs of family and operation, agents, shapes of contexts, environments. */
const seenMax = [64, 128, 16, 16, 4];

/** What is known of a key. */
export class KeyProfile {
  /** Hour of its first event. */
  readonly since: number;
  readonly seen: FirstSeenSet;
  readonly volume: HourlyVolume;
  readonly drift = new DailyDrift();
  newestVersion = 0;
  newestSince = 0;

  constructor(hour: number, settings: DetectorSettings) {
    this.since = hour;
    this.seen = new FirstSeenSet(seenMax, settings.forgetDays * 24);
    this.volume = new HourlyVolume(settings.volumeMin / 2);
  }

  get bytes(): number {
    return this.seen.bytes + this.volume.bytes + this.drift.bytes;
  }
}
