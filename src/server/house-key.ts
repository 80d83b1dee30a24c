import { keyedFingerprint, openSecret, SecretBytes, sealSecret } from '#crypto';
import { StopError } from '#domain';
import { type House, houseKey } from '#operations';
import { asWrappedMaterial, type RootOfTrust, type Store } from '#ports';

const { setting, context } = houseKey;

/**
 * The house's own key, wrapped by the root of trust and kept in the store: seals what belongs to no environment (the signing keys
 * of the logs). Opening it also proves, at every start, that root and store belong together.
 */
export async function openHouseKey(root: RootOfTrust, store: Store): Promise<SecretBytes> {
  const known = await store.setting(setting);
  if (known === null && (await store.environments()).length > 0) {
    throw new StopError(
      'integrity-failed',
      'The store has environments but no house key: it was changed by hand.',
    );
  }
  const wrapped = known ?? (await makeHouseKey(root, store));
  const bytes = await root.unwrap(asWrappedMaterial(Buffer.from(wrapped, 'base64')), context);
  return SecretBytes.take(bytes);
}

async function makeHouseKey(root: RootOfTrust, store: Store): Promise<string> {
  using fresh = SecretBytes.random(32);
  const copy = fresh.use((bytes) => Buffer.from(bytes));
  try {
    const wrapped = await root.wrap(copy, context);
    return await store.claimSetting(setting, Buffer.from(wrapped).toString('base64'));
  } finally {
    copy.fill(0);
  }
}

/** A secret under the house key, made once and kept in the store under a name. */
export async function houseSecret(
  house: { key: SecretBytes; store: Store },
  name: string,
  make: () => SecretBytes,
): Promise<SecretBytes> {
  const place = { kek: house.key, salt: Buffer.from(name, 'utf8'), info: `claviger house ${name}` };
  const known = await house.store.setting(name);
  if (known !== null) return openSecret(place, Buffer.from(known, 'base64'));
  using fresh = make();
  const sealed = Buffer.from(sealSecret(place, fresh)).toString('base64');
  const stands = await house.store.claimSetting(name, sealed);
  return openSecret(place, Buffer.from(stands, 'base64'));
}

/**
 * Fingerprints of material, by one key for the whole store, so that they compare across environments. It is sealed by the house key:
 * neither a change of the root of trust nor a rekey of an environment changes it.
 */
export async function openFingerprints(house: {
  key: SecretBytes;
  store: Store;
}): Promise<{ readonly of: House['fingerprintOf']; readonly close: () => void }> {
  const key = await houseSecret(house, 'material-fingerprints', () => SecretBytes.random(32));
  return {
    of: (identity) => keyedFingerprint(key, 'claviger material', identity),
    close: () => key[Symbol.dispose](),
  };
}
