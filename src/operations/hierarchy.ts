import {
  keyedFingerprint,
  openMaterial,
  openSecret,
  SecretBytes,
  sealSecret,
  type KeyMaterial,
} from '#crypto';
import { ClavigerError, hasCode, StopError, type KeySpec } from '#domain';
import {
  asWrappedMaterial,
  type RootOfTrust,
  type ShredStore,
  type Store,
  type WrappedMaterial,
} from '#ports';

/**
 * The key hierarchy (ARCHITECTURE section 5, ADR 0001): root key, environment key-encryption key, shred secret, material.
 * The only place that wraps and unwraps what the stores keep.
 */
export interface Hierarchy {
  /** A fresh key-encryption key for an environment, wrapped by the root of trust. */
  newEnvironment(environment: string): Promise<WrappedMaterial>;
  /** Makes and stores the shred secret of a new key. */
  newShredSecret(environment: string, keyId: string): Promise<void>;
  /** The same where the key has none yet, as one whose imported material was deleted. */
  ensureShredSecret(environment: string, keyId: string): Promise<void>;
  sealMaterial(place: MaterialPlace, material: SecretBytes): Promise<WrappedMaterial>;
  openMaterial(place: MaterialPlace, spec: KeySpec, wrapped: WrappedMaterial): Promise<KeyMaterial>;
  /** 64 hexadecimal characters, a function of the key id and the material. */
  materialId(environment: string, keyId: string, material: SecretBytes): Promise<string>;
  /** Seals a small secret of the house (an access key's secret) under an environment. */
  sealSmall(environment: string, what: string, secret: SecretBytes): Promise<WrappedMaterial>;
  openSmall(environment: string, what: string, wrapped: WrappedMaterial): Promise<SecretBytes>;
  /** Destroys the shred secret of a key: all copies of its material, wherever they are, become noise. */
  shred(keyId: string): Promise<void>;
  /** Wipes the environment keys that are held in memory. */
  close(): void;
}

export type MaterialPlace = {
  readonly environment: string;
  readonly keyId: string;
  readonly version: number;
};

const kekBytes = 32;
const shredBytes = 32;

function utf8(text: string): Uint8Array {
  return Buffer.from(text, 'utf8');
}

/** The words that the root of trust authenticates with an environment's key-encryption key. */
export function environmentContext(environment: string): string {
  return `claviger environment ${environment}`;
}

function shredPlace(keyId: string): { salt: Uint8Array; info: string } {
  return { salt: utf8(keyId), info: `claviger shred ${keyId}` };
}

/** What the stores keep does not fit together: nothing to try again, and never to be read as absence. */
function stopping<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (!hasCode(cause, 'integrity-failed')) throw cause;
    throw new StopError(cause.code, cause.message, { cause });
  }
}

type Parts = { root: RootOfTrust; store: Store; shreds: ShredStore };

/** The hierarchy over a root of trust and the two stores. Environment keys are kept, once opened, until `close`. */
export function createHierarchy(parts: Parts): Hierarchy {
  const keks = new Map<string, Promise<SecretBytes>>();

  async function loadKek(environment: string): Promise<SecretBytes> {
    const stored = await parts.store.environment(environment);
    if (!stored) throw new ClavigerError('environment-not-found', `There is no environment ${environment}.`);
    const bytes = await parts.root.unwrap(stored.wrappedKek, environmentContext(environment));
    if (bytes.length !== kekBytes) {
      bytes.fill(0);
      throw new StopError('integrity-failed', `The key of environment ${environment} has a wrong length.`);
    }
    return SecretBytes.take(bytes);
  }

  function kekOf(environment: string): Promise<SecretBytes> {
    const known = keks.get(environment);
    if (known) return known;
    const loading = loadKek(environment);
    keks.set(environment, loading);
    loading.catch(() => keks.delete(environment));
    return loading;
  }

  async function shredSecret(environment: string, keyId: string): Promise<SecretBytes> {
    const sealed = await parts.shreds.get(keyId);
    if (!sealed) throw new ClavigerError('key-destroyed', `The material of key ${keyId} was destroyed.`);
    const kek = await kekOf(environment);
    return stopping(() => openSecret({ kek, ...shredPlace(keyId) }, sealed));
  }

  function materialInfo(place: MaterialPlace): string {
    return `claviger material ${place.environment} ${place.keyId} ${place.version}`;
  }

  async function newShredSecret(environment: string, keyId: string): Promise<void> {
    using secret = SecretBytes.random(shredBytes);
    const sealed = sealSecret({ kek: await kekOf(environment), ...shredPlace(keyId) }, secret);
    await parts.shreds.put(keyId, sealed);
  }

  return {
    async newEnvironment(environment) {
      using kek = SecretBytes.random(kekBytes);
      const copy = kek.use((bytes) => Buffer.from(bytes));
      try {
        return await parts.root.wrap(copy, environmentContext(environment));
      } finally {
        copy.fill(0);
      }
    },

    newShredSecret,

    async ensureShredSecret(environment, keyId) {
      if (await parts.shreds.get(keyId)) return;
      try {
        await newShredSecret(environment, keyId);
      } catch (error) {
        // another import of the same key was quicker: its secret does as well
        if (!hasCode(error, 'conflict')) throw error;
      }
    },

    async sealMaterial(place, material) {
      using shred = await shredSecret(place.environment, place.keyId);
      const kek = await kekOf(place.environment);
      const info = materialInfo(place);
      return asWrappedMaterial(shred.use((salt) => sealSecret({ kek, salt, info }, material)));
    },

    async openMaterial(place, spec, wrapped) {
      using shred = await shredSecret(place.environment, place.keyId);
      const kek = await kekOf(place.environment);
      const info = materialInfo(place);
      return stopping(() => {
        using encoded = shred.use((salt) => openSecret({ kek, salt, info }, wrapped));
        return openMaterial(spec, encoded);
      });
    },

    async materialId(environment, keyId, material) {
      return keyedFingerprint(await kekOf(environment), `claviger material id ${keyId}`, material);
    },

    async sealSmall(environment, what, secret) {
      const kek = await kekOf(environment);
      return asWrappedMaterial(
        sealSecret({ kek, salt: utf8(what), info: `claviger secret ${what}` }, secret),
      );
    },

    async openSmall(environment, what, wrapped) {
      const kek = await kekOf(environment);
      const place = { salt: utf8(what), info: `claviger secret ${what}` };
      return stopping(() => openSecret({ kek, ...place }, wrapped));
    },

    shred: (keyId) => parts.shreds.shred(keyId),

    close() {
      for (const kek of keks.values()) {
        kek.then(
          (secret) => secret[Symbol.dispose](),
          () => undefined,
        );
      }
      keks.clear();
    },
  };
}
