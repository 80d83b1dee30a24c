import { newId, SecretBytes } from '#crypto';
import {
  ClavigerError,
  type Instant,
  type KeySpec,
  type KeyTraits,
  type KeyUsage,
  type KeyVersion,
} from '#domain';
import { newPeriod } from '../governance/period-policy.ts';
import type { Devices, House } from '../house.ts';

type Wanted = {
  readonly environment: string;
  readonly keyId: string;
  readonly spec: KeySpec;
  readonly usage: KeyUsage;
  readonly number: number;
  readonly now: Instant;
  readonly rotation: KeyVersion['rotation'];
  /** By which its crypto-period is found. */
  readonly traits: KeyTraits;
};

function requireDevice(house: House): Devices {
  if (house.devices) return house.devices;
  throw new ClavigerError(
    'operation-unsupported',
    'The tier hsm needs a device, and none is configured: set CLAVIGER_DEVICE to a pkcs11: URI.',
  );
}

/** Refuses, before anything is made, a key that the device can't hold or use. */
export async function requireDeviceOffers(
  house: House,
  wish: { readonly spec: KeySpec; readonly usage: KeyUsage; readonly device?: string | undefined },
): Promise<void> {
  const { device } = requireDevice(house);
  const { id } = device.describe();
  if (wish.device !== undefined && wish.device !== id) {
    throw new ClavigerError(
      'input-invalid',
      `There is no device ${wish.device}; the configured one is ${id}.`,
      {
        details: { field: 'device' },
      },
    );
  }
  if ((await device.algorithms(wish.spec, wish.usage)).length > 0) return;
  throw new ClavigerError(
    'operation-unsupported',
    `The device makes no keys of spec ${wish.spec} to ${wish.usage}.`,
    { details: { spec: wish.spec, usage: wish.usage } },
  );
}

/**
 * Makes a version in the device. Its label is made of key id, number and a random part, so that an attempt which a crash or a
 * conflict cut off stands in nobody's way; `orphansInDevice` finds what it left.
 */
export async function makeDeviceVersion(house: House, wanted: Wanted): Promise<KeyVersion> {
  const { device, prefix } = requireDevice(house);
  const { keyId, number, spec, usage, now } = wanted;
  const label = `${prefix}${keyId}/${number}/${newId().slice(0, 8)}`;
  const made = await device.generate(label, spec, usage);
  using identity = SecretBytes.copyOf(made.identity);
  return {
    number,
    state: 'active',
    history: [
      { state: 'pre-activation', at: now, cause: 'generated' },
      { state: 'active', at: now, cause: 'activated' },
    ],
    createdAt: now,
    activatedAt: now,
    cryptoPeriod: await newPeriod(house, wanted.environment, wanted.traits),
    materialId: await house.hierarchy.materialId(wanted.environment, keyId, identity),
    publicKey: made.publicKey,
    device: { id: device.describe().id, label },
    rotation: wanted.rotation,
  };
}

/** Destroys the objects of every version in the device; each is looked for afterwards. May be repeated. */
export async function destroyInDevice(house: House, versions: readonly KeyVersion[]): Promise<void> {
  for (const { device: place } of versions) {
    if (!place) continue;
    const { device } = requireDevice(house);
    if (device.describe().id !== place.id) {
      throw new ClavigerError(
        'root-unavailable',
        `The device ${place.id} is not the configured one: what it holds can not be destroyed.`,
      );
    }
    await device.destroy(place.label);
  }
}

/** Objects under this store's prefix that no key record names: what a creation left that was cut off. They are named, never removed. */
export async function orphansInDevice(house: House): Promise<readonly string[]> {
  if (!house.devices) return [];
  const { device, prefix } = house.devices;
  const orphans: string[] = [];
  for (const label of await device.labels(prefix)) {
    const keyId = label.slice(prefix.length).split('/')[0] ?? '';
    const stored = await house.store.key(keyId);
    if (!stored?.key.versions.some((version) => version.device?.label === label)) orphans.push(label);
  }
  return orphans;
}
