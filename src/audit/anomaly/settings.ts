/** What a detector goes by. Weights say how likely a signal alone means harm. */
export type DetectorSettings = {
  /** From the first event on: everything is learnt, only hard rules alarm. */
  readonly learningDays: number;
  /** The same for one key or one principal that is new later. */
  readonly graceDays: number;
  /** What was not seen for so long is new again. */
  readonly forgetDays: number;
  /** How long something new counts as new, and how long the same alert is not repeated. */
  readonly dedupeHours: number;
  /** The score from which on there is an alert. */
  readonly alertScoreMin: number;
  /** Alerts a day that only notify; those that ask for more are never held back. */
  readonly budgetPerDay: number;
  /** How many other families of principals make a network or an agent a usual one. */
  readonly peersMin: number;
  /** Distinct contexts or keys below which a sweep is never spoken of, and how far above the trailing peak it begins. */
  readonly distinctMin: number;
  readonly distinctFactor: number;
  /** An hour's count below which volume is never spoken of, how far above the peak of 28 days, and how many robust deviations. */
  readonly volumeMin: number;
  readonly volumeFactor: number;
  readonly volumeDeviations: number;
  readonly driftSumMax: number;
  readonly denialSumMax: number;
  /** Keys that nobody has a reason to touch. */
  readonly canaryKeys: ReadonlySet<string>;
  /** Against values that were chosen to collide; any number that callers don't know. */
  readonly salt: number;
  /** Bounds of the tables; beyond them the one that was idle longest is forgotten. */
  readonly keysMax: number;
  readonly principalsMax: number;
};

export const defaultSettings: DetectorSettings = Object.freeze({
  learningDays: 14,
  graceDays: 7,
  forgetDays: 90,
  dedupeHours: 6,
  alertScoreMin: 0.5,
  budgetPerDay: 50,
  peersMin: 3,
  distinctMin: 8,
  distinctFactor: 2,
  volumeMin: 30,
  volumeFactor: 1.2,
  volumeDeviations: 6,
  driftSumMax: 8,
  denialSumMax: 8,
  canaryKeys: new Set<string>(),
  salt: 0,
  keysMax: 1_000_000,
  principalsMax: 100_000,
});
