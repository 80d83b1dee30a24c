import { periodFor, usualPolicy, type Key, type KeySpec, type KeyState, type KeyUsage } from '#domain';

export const environment = 'production';
const dayMillis = 86_400_000;
export const firstDay = Date.UTC(2021, 0, 1);

/** Numbers from 0 to 1 that are the same in every run. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** What is made at a time: post-quantum specs are young, and old keys are deactivated. */
function kindOf(age: number, at: number): { spec: KeySpec; usage: KeyUsage; state: KeyState } {
  const state = age > 0.6 ? 'deactivated' : at < 0.0005 ? 'compromised' : at < 0.02 ? 'suspended' : 'active';
  if (age < 0.05 && at > 0.7) return { spec: 'ML_DSA_65', usage: 'sign', state };
  if (at < 0.7) return { spec: 'AES_256', usage: 'encrypt', state };
  if (at < 0.8) return { spec: 'HMAC_256', usage: 'mac', state };
  if (at < 0.95) return { spec: 'EC_P256', usage: 'sign', state };
  return { spec: 'RSA_2048', usage: 'sign', state };
}

/** When the first and the last key was made. */
type Span = { readonly from: number; readonly to: number };
const fiveYears: Span = { from: firstDay, to: firstDay + 5 * 365 * dayMillis };

/** Keys of a company of 400 teams, a few of which have most of them, made over five years unless it is said otherwise. */
export function* madeUpKeys(count: number, { from, to } = fiveYears): Generator<Key> {
  const next = numbers(5);
  for (let index = 0; index < count; index += 1) {
    const age = 1 - index / count;
    const { spec, usage, state } = kindOf(age, next());
    const createdAt = Math.floor(from + (index / count) * (to - from));
    const team = Math.floor(400 * next() ** 4);
    const id = [8, 4, 4, 4, 12].map((size) =>
      Array.from({ length: size }, () => Math.floor(next() * 16).toString(16)).join(''),
    );
    yield {
      id: id.join('-'),
      environment: next() < 0.97 ? environment : 'staging',
      region: 'default',
      spec,
      usage,
      owner: `team-${String(team).padStart(3, '0')}`,
      description: 'made up',
      tags: [],
      dataClassification: ['confidential', 'internal', 'pan', 'public'][Math.floor(4 * next() ** 2)] ?? '',
      origin: next() < 0.03 ? 'imported' : 'generated',
      tier: next() < 0.01 ? 'hsm' : 'served',
      policy: '{"Version":"2012-10-17","Statement":[]}',
      rotation:
        next() < 0.5 ? { periodDays: 365, since: createdAt, nextAt: createdAt + 365 * dayMillis } : null,
      suspendedAt: null,
      destruction: null,
      createdAt,
      createdBy: 'bench',
      versions: [
        {
          number: 1,
          state,
          history: [{ state: 'active', at: createdAt, cause: 'activated' }],
          createdAt,
          activatedAt: createdAt,
          cryptoPeriod: periodFor(usualPolicy, { spec, usage, isUnseen: true }),
          materialId: '',
          publicKey: null,
          rotation: 'first',
        },
      ],
      revision: 1,
    };
  }
}
