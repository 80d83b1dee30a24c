import { canaryKeys, generateTraffic, type TrafficWish } from '#audit/anomaly';

export {
  type JudgedAlert,
  defaultSettings,
  type Replayed,
  replayTraffic,
  scenarioDays,
  scenarios,
  type ScenarioResult,
} from '#audit/anomaly';

/** Made-up labelled traffic as the lines that `replayTraffic` reads. */
export function* trafficLines(wish: TrafficWish): Generator<string> {
  yield JSON.stringify({ traffic: { isWhole: true, isLabelled: true, canaryKeys } });
  for (const item of generateTraffic(wish)) {
    if (item.kind === 'expected') {
      yield JSON.stringify({ expected: item.change });
    } else {
      const { index, event, label } = item;
      yield JSON.stringify(label ? { index, event, label } : { index, event });
    }
  }
}
