import { setImmediate as nextTurn } from 'node:timers/promises';
import { openSecret, sealGeneration, SecretBytes, sealSecret } from '#crypto';
import {
  asWrappedMaterial,
  type Resealed,
  type ShredStore,
  type StoredMaterial,
  type WrappedMaterial,
} from '#ports';
import { stopping, type Kek, type Keks } from './keks.ts';
import { materialInfo, shredPlace, smallPlace } from './seal-places.ts';

/** A key with what is sealed of it in the store. */
export type SealedKey = { readonly keyId: string; readonly materials: readonly StoredMaterial[] };

export type ResealedKeys = {
  /** How many shred secrets were sealed anew. */
  readonly shreds: number;
  readonly materials: readonly (Resealed & { readonly keyId: string; readonly version: number })[];
};

/** Seals anew what older key-encryption keys of an environment sealed. */
export interface Resealing {
  /** Seals by a generation what older ones sealed of keys: shred secrets at once, and materials as the answer says. */
  resealKeys(environment: string, generation: number, keys: readonly SealedKey[]): Promise<ResealedKeys>;
  /** The same for a small secret; null: no older one sealed it. */
  resealSmall(
    by: { readonly environment: string; readonly generation: number },
    what: string,
    wrapped: WrappedMaterial,
  ): Promise<Resealed | null>;
}

type Parts = {
  readonly keks: Keks;
  readonly shreds: ShredStore;
  readonly openSealed: (
    environment: string,
    place: { salt: Uint8Array; info: string },
    sealed: Uint8Array,
  ) => Promise<SecretBytes>;
};

const resealedAtOnce = 20;

export function createResealing({ keks, shreds: shredStore, openSealed }: Parts): Resealing {
  async function resealOne(
    environment: string,
    { keyId, sealedShred, materials }: SealedKey & { readonly sealedShred: Uint8Array },
    newest: Kek,
  ) {
    const isOld = (sealed: Uint8Array): boolean => stopping(() => sealGeneration(sealed)) < newest.generation;
    const old = materials.filter(({ material }) => isOld(material));
    if (!isOld(sealedShred) && old.length === 0) return { shred: null, materials: [] };
    using shred = await openSealed(environment, shredPlace(keyId), sealedShred);
    const resealed = [];
    for (const { version, material } of old) {
      const kek = await keks.ofSealed(environment, material);
      const info = materialInfo({ environment, keyId, version });
      const after = shred.use((salt) =>
        stopping(() => {
          using encoded = openSecret({ ...kek, salt, info }, material);
          return sealSecret({ ...newest, salt, info }, encoded);
        }),
      );
      resealed.push({ keyId, version, before: material, after: asWrappedMaterial(after) });
    }
    const fresh = isOld(sealedShred) ? sealSecret({ ...newest, ...shredPlace(keyId) }, shred) : null;
    return { shred: fresh, materials: resealed };
  }

  return {
    async resealKeys(environment, generation, keys) {
      const newest = await keks.of(environment, generation);
      const sealedShreds = await shredStore.many(keys.map(({ keyId }) => keyId));
      const shreds: { keyId: string; before: Uint8Array; after: Uint8Array }[] = [];
      const materials: (Resealed & { readonly keyId: string; readonly version: number })[] = [];
      for (const [index, key] of keys.entries()) {
        // others are served in between
        if (index % resealedAtOnce === resealedAtOnce - 1) await nextTurn();
        const sealedShred = sealedShreds.get(key.keyId);
        // what is left of a destroyed key opens with nothing
        if (!sealedShred) continue;
        const done = await resealOne(environment, { ...key, sealedShred }, newest);
        if (done.shred) shreds.push({ keyId: key.keyId, before: sealedShred, after: done.shred });
        materials.push(...done.materials);
      }
      await shredStore.reseal(shreds);
      return { shreds: shreds.length, materials };
    },

    async resealSmall({ environment, generation }, what, wrapped) {
      const newest = await keks.of(environment, generation);
      if (stopping(() => sealGeneration(wrapped)) >= newest.generation) return null;
      using secret = await openSealed(environment, smallPlace(what), wrapped);
      const after = asWrappedMaterial(sealSecret({ ...newest, ...smallPlace(what) }, secret));
      return { before: wrapped, after };
    },
  };
}
