const unitSeconds: ReadonlyMap<string, number> = new Map([
  ['ns', 1e-9],
  ['us', 1e-6],
  ['µs', 1e-6],
  ['ms', 1e-3],
  ['s', 1],
  ['m', 60],
  ['h', 3600],
  ['d', 86_400],
]);
const textMax = 64;
const part = /(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h|d)/g;
const whole = /^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h|d)){1,8}$/;
/** A hundred years. */
const secondsMax = 3_155_760_000;

/** Seconds of amounts with units, as Go writes durations, and with days: `90s`, `1h30m`, `2d`. Null for anything else. */
export function secondsOfUnits(text: string): number | null {
  if (text.length > textMax || !whole.test(text)) return null;
  return [...text.matchAll(part)].reduce(
    (sum, [, amount, unit = '']) => sum + Number(amount) * (unitSeconds.get(unit) ?? Number.NaN),
    0,
  );
}

/**
 * Seconds of a duration in a policy: `90`, `"90"`, `"90s"`, `"1h30m"`, `"2d"`. Undefined for anything else, negative ones too.
 */
export function durationSeconds(written: string | number): number | undefined {
  const isPlain = typeof written === 'number' || /^\d{1,10}$/.test(written);
  const seconds = isPlain ? Number(written) : secondsOfUnits(written);
  if (seconds === null || (isPlain && !Number.isInteger(seconds))) return undefined;
  return seconds >= 0 && seconds <= secondsMax ? seconds : undefined;
}
