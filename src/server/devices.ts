import { newId } from '#crypto';
import { ClavigerError } from '#domain';
import type { Devices } from '#operations';
import type { Store } from '#ports';
import { openPkcs11Device } from '#roots';
import type { Config } from './config.ts';

/** The device of the configuration, or of the root; null: there is none. Rejects where it does not answer at start. */
export async function openDevices(config: Config, store: Store): Promise<Devices | null> {
  const uri = config.device ?? (config.root.startsWith('pkcs11:') ? config.root : null);
  if (uri === null) {
    if (config.defaultTier !== 'hsm') return null;
    throw new ClavigerError(
      'configuration-invalid',
      'The default tier hsm needs a device: set CLAVIGER_DEVICE to a pkcs11: URI.',
    );
  }
  // several stores may keep keys in one token: each knows its own by this name
  const name = await store.claimSetting('device-prefix', newId().slice(0, 8));
  const device = await openPkcs11Device(uri);
  return { device, prefix: `claviger/${name}/`, byDefault: config.defaultTier === 'hsm' };
}
