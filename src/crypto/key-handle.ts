import { createPublicKey, type KeyObject } from 'node:crypto';
import { inspect } from 'node:util';
import { ClavigerError, type KeySpec } from '#domain';
import { XaesKeys } from './xaes.ts';

export type Holds = 'secret' | 'private' | 'public';

declare const opaque: unique symbol;

/**
 * Material that is ready for use: it can be handed to the functions of this area and to nothing else, and
 * gives no bytes away. It lives as long as it is referenced; the memory below it is OpenSSL's and is wiped
 * when it is freed.
 */
export type KeyMaterial = {
  readonly spec: KeySpec;
  /** A secret key, a pair, or only the public half of a pair. */
  readonly holds: Holds;
  readonly [opaque]: true;
};

/** The inside of a KeyMaterial. */
export class KeyHandle {
  readonly spec: KeySpec;
  readonly holds: Holds;
  readonly key: KeyObject;
  #publicKey: KeyObject | null;
  #xaes: XaesKeys | null = null;

  constructor(spec: KeySpec, key: KeyObject) {
    this.spec = spec;
    this.holds = key.type;
    this.key = key;
    this.#publicKey = key.type === 'public' ? key : null;
  }

  /** The public half; derived once. */
  get publicKey(): KeyObject {
    this.#publicKey ??= createPublicKey(this.key);
    return this.#publicKey;
  }

  /** The derived keys of XAES-256-GCM; made at the first use. */
  get xaes(): XaesKeys {
    this.#xaes ??= new XaesKeys(this.key);
    return this.#xaes;
  }

  toJSON(): string {
    return `[key material ${this.spec}]`;
  }

  [inspect.custom](): string {
    return this.toJSON();
  }
}

/** Closes a handle: what leaves the area is a KeyMaterial. */
export function materialOf(handle: KeyHandle): KeyMaterial {
  return handle as unknown as KeyMaterial;
}

/** Opens a handle; nothing but what this area made passes. */
export function handleOf(material: KeyMaterial): KeyHandle {
  const handle: unknown = material;
  if (handle instanceof KeyHandle) return handle;
  throw new ClavigerError('internal', 'Key material must come from openMaterial or openPublicKey.');
}

/** The private key, or `operation-unsupported` where only the public half is there. */
export function privateKeyOf(handle: KeyHandle): KeyObject {
  if (handle.holds === 'private') return handle.key;
  throw new ClavigerError('operation-unsupported', 'This needs the private half of the key.');
}
