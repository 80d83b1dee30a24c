import { newId, SecretBytes } from '#crypto';
import type { Key, KeyVersion } from '#domain';
import { asWrappedMaterial, type Change } from '#ports';
import { compose, createLogger, loadConfig } from '#server';
import { operations, type Caller } from '#operations';

const atOnce = 500;

/** Fills the store of a home, whose server does not run, with AES-256 keys that can be used. Calls back with how far it is. */
export async function fillWithKeys(
  home: string,
  count: number,
  onProgress: (done: number) => void,
): Promise<void> {
  const config = loadConfig({ env: { CLAVIGER_HOME: home } });
  const composition = await compose({ config, logger: createLogger('error'), worker: 0 });
  try {
    const [environment] = composition.report.environments;
    if (!environment) throw new Error('the home has no environment');
    const template = await modelKey(composition, environment.name);
    for (let done = 0; done < count; done += atOnce) {
      const size = Math.min(atOnce, count - done);
      const changes = await Promise.all(Array.from({ length: size }, () => newKey(composition, template)));
      await composition.house.store.commit({ changes, events: [] });
      onProgress(done + size);
    }
  } finally {
    await composition.close();
  }
}

type Composition = Awaited<ReturnType<typeof compose>>;

/** A key that was made through the door: the others are like it. */
async function modelKey({ door, house, config }: Composition, environment: string): Promise<Key> {
  const administrator = (await house.store.principals(environment))[0];
  if (!administrator) throw new Error('the environment has no administrator');
  const caller: Caller = {
    principal: administrator,
    accountId: await house.accountOf(environment),
    region: config.region,
    protocol: 'bench',
    protocolOperation: 'fill',
    sourceAddress: '-',
    userAgent: '-',
    secureTransport: true,
    requestId: newId(),
  };
  return door.run(operations.createKey, caller, {
    spec: 'AES_256',
    usage: 'encrypt',
    description: 'one of many',
    tags: [],
    owner: null,
    policy: null,
    bypassLockoutCheck: false,
    name: null,
    dataClassification: null,
  });
}

async function newKey({ house: { hierarchy } }: Composition, template: Key): Promise<Change> {
  const id = newId();
  const { environment } = template;
  await hierarchy.newShredSecret(environment, id);
  using material = SecretBytes.random(32);
  const wrapped = await hierarchy.sealMaterial({ environment, keyId: id, version: 1 }, material);
  const materialId = await hierarchy.materialId(environment, id, material);
  const versions = template.versions.map((version): KeyVersion => ({ ...version, materialId }));
  return {
    kind: 'key-created',
    key: { ...template, id, versions },
    materials: [{ version: 1, material: asWrappedMaterial(wrapped) }],
  };
}
