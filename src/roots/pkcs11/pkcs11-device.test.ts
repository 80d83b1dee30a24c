import { keyDeviceContract } from '#ports/contract';
import { openPkcs11Device } from './pkcs11-device.ts';
import { scratchToken, withoutSoftHsm } from './softhsm.fixture.ts';

keyDeviceContract(
  'pkcs11 (SoftHSM)',
  async () => {
    const scratch = scratchToken('device');
    Object.assign(process.env, scratch.env);
    const open = () => openPkcs11Device(scratch.uri('unused'));
    const device = await open();
    return {
      device,
      again: open,
      dispose: async () => {
        await device.close();
        scratch.remove();
      },
    };
  },
  withoutSoftHsm() || undefined,
);
