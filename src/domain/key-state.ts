import { ClavigerError } from './errors.ts';

/**
 * The states of a key version: SP 800-57 part 1 revision 5, section 7, and the destroyed-compromised state that
 * KMIP keeps apart.
 */
export const keyStates = [
  'pre-activation',
  'active',
  'suspended',
  'deactivated',
  'compromised',
  'destroyed',
  'destroyed-compromised',
] as const;

export type KeyState = (typeof keyStates)[number];

/** Why a version changed its state. */
export const transitionCauses = [
  'generated',
  'material-awaited',
  'imported',
  'activated',
  'rotated',
  'originator-period-over',
  'usage-limit-reached',
  'suspended-by-request',
  'destruction-cancelled',
  'resumed-by-request',
  'deactivated-by-request',
  'compromise-reported',
  'destroyed-by-request',
  'destruction-due',
] as const;

export type TransitionCause = (typeof transitionCauses)[number];

type Transition = { readonly from: KeyState; readonly to: KeyState; readonly clause: string };

/** The closed transition table: a pair that is not in it is refused, with one error. */
export const transitions: readonly Transition[] = Object.freeze([
  { from: 'pre-activation', to: 'active', clause: 'sp800-57p1r5 7.2 transition 4' },
  { from: 'pre-activation', to: 'compromised', clause: 'sp800-57p1r5 7.2 transition 3' },
  { from: 'pre-activation', to: 'destroyed', clause: 'sp800-57p1r5 7.2 transition 2' },
  { from: 'active', to: 'suspended', clause: 'sp800-57p1r5 7.3 transition 7' },
  { from: 'active', to: 'deactivated', clause: 'sp800-57p1r5 7.3 transition 8' },
  { from: 'active', to: 'compromised', clause: 'sp800-57p1r5 7.3 transition 6' },
  { from: 'active', to: 'destroyed', clause: 'sp800-57p1r5 7.3 transition 5' },
  { from: 'suspended', to: 'active', clause: 'sp800-57p1r5 7.4 transition 10' },
  { from: 'suspended', to: 'deactivated', clause: 'sp800-57p1r5 7.4 transition 12' },
  { from: 'suspended', to: 'compromised', clause: 'sp800-57p1r5 7.4 transition 11' },
  { from: 'suspended', to: 'destroyed', clause: 'sp800-57p1r5 7.4 transition 9' },
  { from: 'deactivated', to: 'compromised', clause: 'sp800-57p1r5 7.5 transition 14' },
  { from: 'deactivated', to: 'destroyed', clause: 'sp800-57p1r5 7.5 transition 13' },
  {
    from: 'compromised',
    to: 'destroyed-compromised',
    clause: 'sp800-57p1r5 7.6 transition 15; kmip 2.1 4.57',
  },
  { from: 'destroyed', to: 'destroyed-compromised', clause: 'sp800-57p1r5 7.7; kmip 2.1 4.57' },
]);

/** The transition between two states, or null where the table has none. */
export function findTransition(from: KeyState, to: KeyState): Transition | null {
  return transitions.find((entry) => entry.from === from && entry.to === to) ?? null;
}

/** Throws `transition-refused` unless the table allows the pair. */
export function requireTransition(from: KeyState, to: KeyState): Transition {
  const found = findTransition(from, to);
  if (found) return found;
  throw new ClavigerError('transition-refused', `A key version that is ${from} can't become ${to}.`, {
    details: { from, to },
  });
}

/** Whether the state is one of the two ends of a key's life. */
export function isDestroyed(state: KeyState): boolean {
  return state === 'destroyed' || state === 'destroyed-compromised';
}
