import * as device from './device-calls.ts';
import * as root from './root-calls.ts';
import type { Session } from './token.ts';

/** Everything that the thread of a token does, by name. */
export const calls = Object.freeze({
  createRoot: root.createRoot,
  destroyRoot: root.destroyRoot,
  rootIds: root.rootIds,
  unwrapBytes: root.unwrapBytes,
  wrapBytes: root.wrapBytes,
  generateKey: device.generateKey,
  encryptBytes: device.encryptBytes,
  decryptBytes: device.decryptBytes,
  signDigest: device.signDigest,
  destroyKey: device.destroyKey,
  listLabels: device.listLabels,
  knowsOaep: device.knowsOaep,
  anchor: device.anchor,
  mechanisms: device.mechanisms,
});

type Calls = typeof calls;
export type CallName = keyof Calls;
export type CallInput<N extends CallName> = Calls[N] extends (open: Session, input: infer I) => unknown
  ? I
  : never;
export type CallOutput<N extends CallName> = ReturnType<Calls[N]>;
