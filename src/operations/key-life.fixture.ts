import type { ErrorCode, KeyState } from '#domain';
import { dayMillis } from './house.fixture.ts';

/** What a key should be, told by another hand: the model that the door is held against. */
export type Model = {
  versions: { state: KeyState; activatedAt: number }[];
  suspended: boolean;
  dueAt: number | null;
  destroyed: boolean;
  /** The version that made each ciphertext. */
  readonly made: number[];
};

export type Step =
  | { readonly kind: 'encrypt' | 'rotate' | 'disable' | 'enable' | 'schedule' | 'cancel' | 'destroy' }
  /** Which of the ciphertexts, or of the versions, by its share of them. */
  | { readonly kind: 'decrypt' | 'compromise'; readonly share: number }
  | { readonly kind: 'wait'; readonly days: number };

/** A year, by the policy of an environment that says nothing. */
export const originatorMillis = 31_536_000 * 1000;

export function newModel(now: number): Model {
  const first = { state: 'active', activatedAt: now } as const;
  return { versions: [{ ...first }], suspended: false, dueAt: null, destroyed: false, made: [] };
}

export function nth<T>(list: readonly T[], share: number): { index: number; item: T } | null {
  const index = Math.min(list.length - 1, Math.floor(share * list.length));
  const item = list[index];
  return item === undefined ? null : { index, item };
}

function current(model: Model): Model['versions'][number] {
  const last = model.versions.at(-1);
  if (!last) throw new Error('a model without a version');
  return last;
}

/** What keeps a key as a whole from being used or changed. */
function overall(model: Model): ErrorCode | null {
  if (model.destroyed) return 'key-destroyed';
  return model.dueAt === null ? null : 'key-destruction-scheduled';
}

function unusable(model: Model): ErrorCode | null {
  return overall(model) ?? (model.suspended ? 'key-suspended' : null);
}

function suspend(model: Model): void {
  model.suspended = true;
  const last = current(model);
  if (last.state === 'active') last.state = 'suspended';
}

type Rule = (model: Model, now: number, share: number) => ErrorCode | null;

/** Each step: the error that it must end in, or null, and then what has changed. */
const rules: Readonly<Record<Exclude<Step['kind'], 'wait'>, Rule>> = {
  encrypt(model, now) {
    const refused = unusable(model);
    if (refused) return refused;
    const { state, activatedAt } = current(model);
    if (state !== 'active') return 'key-state-forbids';
    if (now >= activatedAt + originatorMillis) return 'crypto-period-over';
    model.made.push(model.versions.length);
    return null;
  },
  decrypt(model, _now, share) {
    const version = model.versions[(nth(model.made, share)?.item ?? 1) - 1];
    return unusable(model) ?? (version?.state === 'compromised' ? 'key-state-forbids' : null);
  },
  rotate(model, now) {
    const refused = unusable(model);
    if (refused) return refused;
    const last = current(model);
    if (last.state === 'active') last.state = 'deactivated';
    model.versions.push({ state: 'active', activatedAt: now });
    return null;
  },
  disable(model) {
    const refused = overall(model);
    if (!refused && !model.suspended) suspend(model);
    return refused;
  },
  enable(model, now) {
    const refused = overall(model);
    if (refused) return refused;
    const last = current(model);
    if (!model.suspended) return last.state === 'compromised' ? 'key-state-forbids' : null;
    model.suspended = false;
    if (last.state === 'suspended')
      last.state = now >= last.activatedAt + originatorMillis ? 'deactivated' : 'active';
    return null;
  },
  schedule(model, now) {
    const refused = overall(model);
    if (!refused) model.dueAt = now + 7 * dayMillis;
    return refused;
  },
  cancel(model, now) {
    if (model.destroyed) return 'key-destroyed';
    if (model.dueAt === null) return 'key-state-forbids';
    if (now >= model.dueAt) return 'key-destruction-scheduled';
    model.dueAt = null;
    suspend(model);
    return null;
  },
  destroy(model, now) {
    if (model.destroyed) return 'key-destroyed';
    if (model.dueAt === null || now < model.dueAt) return 'key-state-forbids';
    model.destroyed = true;
    for (const version of model.versions)
      version.state = version.state === 'compromised' ? 'destroyed-compromised' : 'destroyed';
    return null;
  },
  compromise(model, _now, share) {
    const version = nth(model.versions, share)?.item;
    if (!version || /compromised$/.test(version.state)) return 'transition-refused';
    version.state = version.state === 'destroyed' ? 'destroyed-compromised' : 'compromised';
    return null;
  },
};

/** The error in which a step must end, or null; the model goes on as the key must. */
export function predict(model: Model, step: Exclude<Step, { kind: 'wait' }>, now: number): ErrorCode | null {
  return rules[step.kind](model, now, 'share' in step ? step.share : 0);
}
