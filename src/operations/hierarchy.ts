import {
  fingerprintKey,
  keyedFingerprint,
  openMaterial,
  openSecret,
  sealGeneration,
  SecretBytes,
  sealSecret,
  type KeyMaterial,
} from '#crypto';
import { ClavigerError, hasCode, type KeySpec } from '#domain';
import { asWrappedMaterial, type RootOfTrust, type ShredStore, type WrappedMaterial } from '#ports';
import { createResealing, type Resealing } from './reseal.ts';
import { fingerprintPlace, materialInfo, shredPlace, smallPlace, type MaterialPlace } from './seal-places.ts';
import { createShreddables, type Shreddables } from './shreddables.ts';
import { createKeks, environmentContext, stopping, type Kek, type KekParts } from './keks.ts';

/**
 * The key hierarchy (ARCHITECTURE section 5, ADR 0001): root key, environment key-encryption key, shred secret, material.
 * The only place that wraps and unwraps what the stores keep.
 */
export interface Hierarchy extends Resealing, Shreddables {
  /** A fresh key-encryption key for an environment, wrapped by the root of trust. */
  newEnvironment(environment: string): Promise<WrappedMaterial>;
  /** Makes and stores the shred secret of a new key. */
  newShredSecret(environment: string, keyId: string): Promise<void>;
  /** The same where the key has none yet, as one whose imported material was deleted. */
  ensureShredSecret(environment: string, keyId: string): Promise<void>;
  sealMaterial(place: MaterialPlace, material: SecretBytes): Promise<WrappedMaterial>;
  openMaterial(place: MaterialPlace, spec: KeySpec, wrapped: WrappedMaterial): Promise<KeyMaterial>;
  /** The encoded material itself, to be wrapped for somebody else; the caller disposes it. */
  takeMaterial(place: MaterialPlace, spec: KeySpec, wrapped: WrappedMaterial): Promise<SecretBytes>;
  /** The material id of what is wrapped: opens it, checks that it is material of the spec, and gives nothing else away. */
  proveMaterial(place: MaterialPlace, spec: KeySpec, wrapped: WrappedMaterial): Promise<string>;
  /** 64 hexadecimal characters, a function of the key id and the material. */
  materialId(environment: string, keyId: string, material: SecretBytes): Promise<string>;
  /** Seals a small secret of the house (an access key's secret) under an environment. */
  sealSmall(environment: string, what: string, secret: SecretBytes): Promise<WrappedMaterial>;
  openSmall(environment: string, what: string, wrapped: WrappedMaterial): Promise<SecretBytes>;
  /** A fresh key-encryption key that follows the one that seals now, and the fingerprint key sealed by it. */
  newGeneration(environment: string): Promise<NewGeneration>;
  /**
   * Forgets which generation seals, after any change; where an environment changed (`environment:NAME`; null: any may have),
   * opens its keys while it can and wipes those that are no more.
   */
  drop(entities: readonly string[] | null): void;
  /** Opens the keys of all environments, so that what is served later needs no root. What does not open now is tried when needed. */
  openAll(): Promise<void>;
  /** Destroys the shred secret of a key: all copies of its material, wherever they are, become noise. */
  shred(keyId: string): Promise<void>;
  /** Whether a shred secret of the key is there. */
  hasShredSecret(keyId: string): Promise<boolean>;
  /** Wipes the environment keys that are held in memory. */
  close(): void;
}

export type { MaterialPlace } from './seal-places.ts';

export type NewGeneration = {
  readonly generation: number;
  readonly wrappedKek: WrappedMaterial;
  readonly fingerprintKey: WrappedMaterial;
};

const kekBytes = 32;
const shredBytes = 32;

type Parts = KekParts & { readonly shreds: ShredStore };

/** The hierarchy over a root of trust and the two stores. Environment keys are kept, once opened, until `close`. */
export function createHierarchy(parts: Parts): Hierarchy {
  const keks = createKeks(parts);
  const shreddables = createShreddables({ keks, shreds: parts.shreds });

  async function openSealed(
    environment: string,
    place: { salt: Uint8Array; info: string },
    sealed: Uint8Array,
  ): Promise<SecretBytes> {
    const kek = await keks.ofSealed(environment, sealed);
    return stopping(() => openSecret({ ...kek, ...place }, sealed));
  }

  async function shredSecret(environment: string, keyId: string): Promise<Kek> {
    const sealed = await parts.shreds.get(keyId);
    if (!sealed) throw new ClavigerError('key-destroyed', `The material of key ${keyId} was destroyed.`);
    const kek = await openSealed(environment, shredPlace(keyId), sealed);
    return { kek, generation: sealGeneration(sealed) };
  }

  /** The key of the environment's fingerprints: the same through all generations. */
  async function fingerprintKeyOf(environment: string): Promise<SecretBytes> {
    const stored = await keks.stored(environment);
    if (stored.fingerprintKey) {
      return openSealed(environment, fingerprintPlace(environment), stored.fingerprintKey);
    }
    return fingerprintKey((await keks.of(environment, 1)).kek, fingerprintPlace(environment).info);
  }

  async function newShredSecret(environment: string, keyId: string): Promise<void> {
    using secret = SecretBytes.random(shredBytes);
    const sealed = sealSecret({ ...(await keks.newest(environment)), ...shredPlace(keyId) }, secret);
    await parts.shreds.put(keyId, sealed);
  }

  return {
    async newEnvironment(environment) {
      using kek = SecretBytes.random(kekBytes);
      return await wrapKek(parts.root, kek, environmentContext(environment));
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
      const shredded = await shredSecret(place.environment, place.keyId);
      using shred = shredded.kek;
      // by the generation of the shred secret: when the store takes the one, a rekey has seen, or will see, the other
      const kek = await keks.of(place.environment, shredded.generation);
      const info = materialInfo(place);
      return asWrappedMaterial(shred.use((salt) => sealSecret({ ...kek, salt, info }, material)));
    },

    async openMaterial(place, spec, wrapped) {
      using shred = (await shredSecret(place.environment, place.keyId)).kek;
      const kek = await keks.ofSealed(place.environment, wrapped);
      const info = materialInfo(place);
      return stopping(() => {
        using encoded = shred.use((salt) => openSecret({ ...kek, salt, info }, wrapped));
        return openMaterial(spec, encoded);
      });
    },

    async takeMaterial(place, spec, wrapped) {
      using shred = (await shredSecret(place.environment, place.keyId)).kek;
      const kek = await keks.ofSealed(place.environment, wrapped);
      const info = materialInfo(place);
      return stopping(() => {
        const encoded = shred.use((salt) => openSecret({ ...kek, salt, info }, wrapped));
        openMaterial(spec, encoded);
        return encoded;
      });
    },

    async proveMaterial(place, spec, wrapped) {
      using shred = (await shredSecret(place.environment, place.keyId)).kek;
      const kek = await keks.ofSealed(place.environment, wrapped);
      using fingerprints = await fingerprintKeyOf(place.environment);
      const info = materialInfo(place);
      return stopping(() => {
        using encoded = shred.use((salt) => openSecret({ ...kek, salt, info }, wrapped));
        openMaterial(spec, encoded);
        return keyedFingerprint(fingerprints, `claviger material id ${place.keyId}`, encoded);
      });
    },

    async materialId(environment, keyId, material) {
      using key = await fingerprintKeyOf(environment);
      return keyedFingerprint(key, `claviger material id ${keyId}`, material);
    },

    async sealSmall(environment, what, secret) {
      const kek = await keks.newest(environment);
      return asWrappedMaterial(sealSecret({ ...kek, ...smallPlace(what) }, secret));
    },

    openSmall: (environment, what, wrapped) => openSealed(environment, smallPlace(what), wrapped),

    async newGeneration(environment) {
      const stored = await keks.stored(environment);
      const generation = stored.kekGeneration + 1;
      using fingerprints = await fingerprintKeyOf(environment);
      using kek = SecretBytes.random(kekBytes);
      const place = { kek, generation, ...fingerprintPlace(environment) };
      return {
        generation,
        wrappedKek: await wrapKek(parts.root, kek, environmentContext(environment, generation)),
        fingerprintKey: asWrappedMaterial(sealSecret(place, fingerprints)),
      };
    },

    ...createResealing({ ...parts, keks, openSealed }),
    sealShreddable: (environment, secret) => shreddables.sealShreddable(environment, secret),
    openShreddable: (place, wrapped) => shreddables.openShreddable(place, wrapped),
    shredMany: (shredIds) => shreddables.shredMany(shredIds),
    drop: (entities) => keks.drop(entities),
    openAll: () => keks.openAll(),
    shred: (keyId) => parts.shreds.shred(keyId),
    hasShredSecret: async (keyId) => (await parts.shreds.get(keyId)) !== null,
    close() {
      shreddables.close();
      keks.close();
    },
  };
}

async function wrapKek(root: RootOfTrust, kek: SecretBytes, context: string): Promise<WrappedMaterial> {
  const copy = kek.use((bytes) => Buffer.from(bytes));
  try {
    return await root.wrap(copy, context);
  } finally {
    copy.fill(0);
  }
}
