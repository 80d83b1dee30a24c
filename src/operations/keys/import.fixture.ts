import type { z } from 'zod';
import type { Key } from '#domain';
import { wrapForTransport, SecretBytes } from '#crypto';
import { byId, makeKey, type TestWorld } from '../house.fixture.ts';
import type { Caller } from '../operation.ts';
import { operations } from '../table.ts';

type ImportWish = Partial<z.infer<typeof operations.importMaterial.input>>;

/** Wraps and imports material as an owner of it does. */
export async function importInto(
  world: TestWorld,
  key: Pick<Key, 'id'>,
  bytes: Uint8Array,
  { caller = world.caller(), ...wish }: ImportWish & { caller?: Caller } = {},
): Promise<Key> {
  const parameters = await world.door.run(operations.getImportParameters, caller, {
    key: byId(key),
    wrap: 'RSA_AES_KEY_WRAP_SHA_256',
    wrappingSpec: 'RSA_2048',
  } as const);
  using material = SecretBytes.copyOf(bytes);
  const wrapped = wrapForTransport('RSA_AES_KEY_WRAP_SHA_256', parameters.publicKey, material);
  const done = await world.door.run(operations.importMaterial, caller, {
    key: byId(key),
    token: parameters.token,
    wrapped,
    expiresAt: null,
    ...wish,
  });
  return done.key;
}

/** A key whose material comes from outside, before it has come. */
export const awaitingKey = (
  world: TestWorld,
  wish: Parameters<typeof makeKey>[1] = {},
  caller: Caller = world.caller(),
): Promise<Key> => makeKey(world, { origin: 'imported', ...wish }, caller);
