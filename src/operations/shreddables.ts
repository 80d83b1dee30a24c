import { setImmediate as nextTurn } from 'node:timers/promises';
import { newId, openSecret, sealGeneration, SecretBytes, sealSecret } from '#crypto';
import { ClavigerError } from '#domain';
import { asWrappedMaterial, type ShredStore, type WrappedMaterial } from '#ports';
import { stopping, type Keks } from './keks.ts';
import { materialInfo, shredPlace } from './seal-places.ts';

/** What was sealed under a shred secret of its own. */
export type Shreddable = { readonly shredId: string; readonly sealed: WrappedMaterial };

/** Seals small things so that each can be crypto-shredded by itself. */
export interface Shreddables {
  /**
   * Seals under a shred secret that nothing else has. Shred secrets are made ahead, many with one durable write; those that are not
   * used when the process ends stay behind, open nothing and are waste.
   */
  sealShreddable(environment: string, secret: SecretBytes): Promise<Shreddable>;
  /** Rejects with `key-destroyed` where the shred secret is no more. The caller disposes what it gets. */
  openShreddable(
    place: { readonly environment: string; readonly shredId: string },
    sealed: WrappedMaterial,
  ): Promise<SecretBytes>;
  /** Destroys shred secrets; what they sealed is noise from then on, in every copy of the store. */
  shredMany(shredIds: readonly string[]): Promise<void>;
}

type Ready = { readonly shredId: string; readonly secret: SecretBytes };
/** Shred secrets of one environment that are durable and that nothing has used, all sealed by one generation. */
type Pool = { readonly generation: number; readonly ready: Ready[] };

const shredBytes = 32;
const blockMin = 64;
const blockMax = 512;
const madeInTurn = 16;

type Parts = { readonly keks: Keks; readonly shreds: ShredStore };

export function createShreddables({ keks, shreds }: Parts): Shreddables & { close(): void } {
  const pools = new Map<string, Pool>();
  const filling = new Map<string, Promise<void>>();
  const sizes = new Map<string, number>();
  let closed = false;

  async function fill(environment: string): Promise<void> {
    const size = sizes.get(environment) ?? blockMin;
    const block: Ready[] = [];
    const sealed: { readonly keyId: string; readonly wrappedSecret: Uint8Array }[] = [];
    let newest = await keks.newest(environment);
    while (block.length < size) {
      for (const secret of SecretBytes.randomMany(madeInTurn, shredBytes)) {
        const shredId = newId();
        block.push({ shredId, secret });
        const wrappedSecret = sealSecret({ ...newest, ...shredPlace(shredId) }, secret);
        sealed.push({ keyId: shredId, wrappedSecret });
      }
      // what else the process has to do does not wait for the whole block
      await nextTurn();
      const { generation } = newest;
      newest = await keks.newest(environment);
      if (newest.generation === generation) continue;
      wipe(block.splice(0));
      sealed.length = 0;
    }
    await shreds.putMany(sealed);
    // who needs many gets more at once
    sizes.set(environment, Math.min(size * 2, blockMax));
    const before = pools.get(environment);
    if (closed) return wipe(block);
    if (before?.generation === newest.generation) before.ready.push(...block);
    else {
      wipe(before?.ready ?? []);
      pools.set(environment, { generation: newest.generation, ready: block });
    }
  }

  function refill(environment: string): Promise<void> {
    const running = filling.get(environment);
    if (running) return running;
    const begun = fill(environment).finally(() => filling.delete(environment));
    filling.set(environment, begun);
    return begun;
  }

  /** One that is durable already, of the generation that seals now: what an older one sealed is taken by the store no more. */
  async function take(environment: string): Promise<Ready & { readonly generation: number }> {
    for (let attempt = 0; attempt < 64; attempt += 1) {
      const { generation } = await keks.newest(environment);
      const pool = pools.get(environment);
      const found = pool?.generation === generation ? pool.ready.pop() : undefined;
      if (!found) {
        await refill(environment);
        continue;
      }
      // early enough that nobody waits for the next block while it becomes durable
      if (pool && pool.ready.length < (sizes.get(environment) ?? blockMin) / 4)
        void refill(environment).catch(() => undefined);
      return { ...found, generation };
    }
    throw new ClavigerError('busy', 'Shred secrets are asked for faster than they are made: try again.');
  }

  return {
    async sealShreddable(environment, material) {
      const { shredId, secret, generation } = await take(environment);
      using shred = secret;
      const kek = await keks.of(environment, generation);
      const info = materialInfo({ environment, keyId: shredId, version: 1 });
      const sealed = shred.use((salt) => sealSecret({ ...kek, salt, info }, material));
      return { shredId, sealed: asWrappedMaterial(sealed) };
    },

    async openShreddable({ environment, shredId }, sealed) {
      const sealedShred = await shreds.get(shredId);
      if (!sealedShred) throw new ClavigerError('key-destroyed', `What ${shredId} sealed was destroyed.`);
      const shredKek = await keks.ofSealed(environment, sealedShred);
      using shred = stopping(() => openSecret({ ...shredKek, ...shredPlace(shredId) }, sealedShred));
      const kek = await keks.of(
        environment,
        stopping(() => sealGeneration(sealed)),
      );
      const info = materialInfo({ environment, keyId: shredId, version: 1 });
      return stopping(() => shred.use((salt) => openSecret({ ...kek, salt, info }, sealed)));
    },

    shredMany: (shredIds) => shreds.shredMany(shredIds),

    close() {
      closed = true;
      for (const { ready } of pools.values()) wipe(ready);
      pools.clear();
    },
  };
}

function wipe(ready: readonly Ready[]): void {
  for (const { secret } of ready) secret[Symbol.dispose]();
}
