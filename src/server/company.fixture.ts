import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { TestContext } from 'node:test';
import type { z } from 'zod';
import { SecretBytes, wrapForTransport } from '#crypto';
import type { Key, Principal, Role } from '#domain';
import type { DetectorId } from '#governance';
import { operations, type Caller, type Operation } from '#operations';
import { compose, type Composition } from './compose.ts';
import { configOf, recordingLogger } from './home.fixture.ts';

const dayMillis = 86_400_000;
const environments = ['production', 'staging', 'development'] as const;
type Where = (typeof environments)[number];

/** A flaw that was put somewhere on purpose, and all that is to be found because of it. */
export type Plant = {
  readonly flaw: string;
  readonly found: readonly { readonly detector: DetectorId; readonly subject: string }[];
};

/** A server of a company, a node without a listener, whose clock stands still unless it is set. */
export type CompanyHouse = {
  readonly node: Composition;
  /** Sets the clock to a day after the beginning; the house does what is due by then, unless it sleeps. */
  readonly travel: (day: number, sleeps?: boolean) => Promise<void>;
  readonly now: () => number;
};

/** Starts it with three environments and nothing else, on 2026-01-01. */
export async function startCompany(test: TestContext, home: string): Promise<CompanyHouse> {
  const seed = path.join(home, 'company.json');
  const principals = [{ name: 'admin', admin: true }];
  fs.mkdirSync(home, { recursive: true, mode: 0o700 });
  fs.writeFileSync(
    seed,
    JSON.stringify({ environments: environments.map((name) => ({ name, principals })) }),
    {
      mode: 0o600,
    },
  );
  const born = Date.UTC(2026, 0, 1);
  let now = born;
  const node = await compose({
    config: configOf(home, { CLAVIGER_NODE: 'one', CLAVIGER_BOOTSTRAP: seed }),
    logger: recordingLogger().logger,
    worker: 0,
    clock: { now: () => now },
  });
  test.after(() => node.close());
  return {
    node,
    now: () => now,
    async travel(day, sleeps = false) {
      now = born + day * dayMillis;
      if (sleeps) return;
      // what one round made due, the next one does
      await node.maintenance.tick();
      await node.maintenance.tick();
    },
  };
}

type KeyWish = z.infer<typeof operations.createKey.input>;
const ordinary: KeyWish = {
  spec: 'AES_256',
  usage: 'encrypt',
  description: 'card numbers at rest',
  tags: [],
  owner: 'payments',
  policy: null,
  bypassLockoutCheck: false,
  name: null,
  dataClassification: 'confidential',
};

/** Somebody of the company, as a protocol would hand them over. */
export async function companyCaller({ node }: CompanyHouse, where: Where, name: string): Promise<Caller> {
  const { store } = node.house;
  const principal = await store.principalByName(where, name);
  const stored = await store.environment(where);
  if (!principal || !stored) throw new Error(`there is no ${name} of ${where}`);
  return {
    principal,
    accountId: stored.environment.accountId,
    region: 'eu-north-1',
    protocol: 'native',
    protocolOperation: '-',
    sourceAddress: '192.0.2.7',
    userAgent: 'company/1',
    secureTransport: true,
    requestId: randomUUID(),
  };
}

/** What people of the company do, by the one door. */
function peopleOf(company: CompanyHouse) {
  async function run<I, O>(where: Where, who: string, operation: Operation<I, O>, input: I): Promise<O> {
    return company.node.door.run(operation, await companyCaller(company, where, who), input);
  }
  return {
    run,
    async hire(where: Where, name: string, about: { kind?: Principal['kind']; roles?: Role[] } = {}) {
      const { kind = 'service', roles = ['user'] } = about;
      await run(where, 'admin', operations.createPrincipal, { name, kind, roles });
    },
    make: (where: Where, wish: Partial<KeyWish> = {}) =>
      run(where, 'ada', operations.createKey, { ...ordinary, ...wish }),
    async encrypt(key: Key, who = 'payments') {
      const plaintext = Buffer.from('the plaintext');
      const wish = {
        key: byId(key),
        plaintext,
        context: null,
        algorithm: null,
        version: null,
        dryRun: false,
      };
      await run(key.environment as Where, who, operations.encrypt, wish);
    },
  };
}

const byId = ({ id }: Key) => ({ kind: 'id', id }) as const;
type People = ReturnType<typeof peopleOf>;

/** Material that comes from outside, as its owner wraps it. */
async function bringMaterial({ run }: People, key: Key): Promise<void> {
  const wrap = 'RSA_AES_KEY_WRAP_SHA_256';
  const asked = { key: byId(key), wrap, wrappingSpec: 'RSA_2048' } as const;
  const told = await run('production', 'ada', operations.getImportParameters, asked);
  using material = SecretBytes.take(randomBytes(32));
  const wrapped = wrapForTransport(wrap, told.publicKey, material);
  const { token } = told;
  await run('production', 'ada', operations.importMaterial, {
    key: byId(key),
    token,
    wrapped,
    expiresAt: null,
  });
}

/** Days from the beginning to the moment for which the company is judged. */
const lastDay = 760;

function flaw(what: string, detector: DetectorId, ...keys: readonly Key[]): Plant {
  return { flaw: what, found: keys.map(({ id }) => ({ detector, subject: `key:${id}` })) };
}

async function hirePeople(company: CompanyHouse, people: People): Promise<void> {
  const { store } = company.node.house;
  for (const where of environments) {
    await people.hire(where, 'ada', { kind: 'user', roles: ['operator', 'exporter', 'user'] });
    for (const name of ['payments', 'billing', 'reports']) await people.hire(where, name);
    await people.hire(where, 'eva', { kind: 'user', roles: ['administrator'] });
    const admin = await store.principalByName(where, 'admin');
    // nobody keeps what opens everything
    for (const { id } of await store.credentialsOf(admin?.id ?? ''))
      await people.run(where, 'eva', operations.deleteCredential, { principal: 'admin', id });
    const policy = { profile: 'nist-r6-draft', classes: {}, rotates: true, destroysAtEnd: false } as const;
    await people.run(where, 'admin', operations.writePeriodPolicy, { policy });
  }
}

/** Flaws that need time: each is made on its day. */
async function plantOverYears(company: CompanyHouse, people: People): Promise<readonly Plant[]> {
  const { travel } = company;
  const { make, run, encrypt } = people;
  const retired = await make('development', { exportable: true });
  await travel(lastDay - 375);
  const overdue = await make('production', { exportable: true });
  await travel(lastDay - 310);
  const near = await make('production', { exportable: true });
  await travel(lastDay - 220);
  const unused = await make('development', { name: 'forgotten' });
  await travel(lastDay - 160);
  const { accessKeyId } = await run('production', 'admin', operations.createAccessKey, {
    principal: 'reports',
  });
  await travel(lastDay - 110);
  const suspended = await make('staging', {});
  await run('staging', 'ada', operations.disableKey, { key: byId(suspended) });
  await travel(lastDay - 60);
  const compromised = await make('staging', {});
  const report = { key: byId(compromised), version: null, occurredAt: null };
  await run('staging', 'ada', operations.reportCompromise, report);
  await travel(lastDay - 20);
  for (const key of [overdue, near]) await encrypt(key);
  return [
    flaw('a key ended with its period a year ago, and nobody destroys it', 'retired-not-destroyed', retired),
    flaw('a key that nothing rotates came to its end', 'rotation-overdue', overdue),
    flaw('a key that nothing rotates nears its end', 'rotation-near', near),
    flaw('a key was never used', 'unused', unused),
    flaw('a key is suspended for months', 'suspended-long', suspended),
    flaw('a compromised key is still there', 'compromised-not-destroyed', compromised),
    {
      flaw: 'an access key of a service has no end, and is old',
      found: [{ detector: 'long-lived-credential', subject: `credential:${accessKeyId}` }],
    },
  ];
}

/** Copies that are where they must not be. */
async function plantCopies(company: CompanyHouse, { make, run }: People): Promise<readonly Plant[]> {
  const { door } = company.node;
  const clear = await make('staging', { exportable: true, plaintextBackup: true });
  const backup = { key: byId(clear), place: "Ada's notebook", holder: 'ada' };
  const { versions } = await run('staging', 'ada', operations.backUpInClear, backup);
  for (const { material, macKey } of versions) for (const secret of [material, macKey]) secret.fill(0);
  const allowed = await make('development', { exportable: true, plaintextBackup: true });
  const tags = [{ key: 'data-store', value: 's3://invoices' }];
  const beside = await make('production', { exportable: true, tags });
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 3072 });
  await run('production', 'ada', operations.exportKey, {
    key: byId(beside),
    version: null,
    place: 's3://invoices/keys/1.bin',
    holder: 'ada',
    publicKey: publicKey.export({ type: 'spki', format: 'der' }),
    wrap: 'RSA_AES_KEY_WRAP_SHA_256',
  });
  const [store, escrow] = [randomUUID(), randomUUID()];
  const file = { id: store, place: '/mnt/backup/claviger.backup', holder: 'ada', keys: 1, rows: 1 };
  await door.runAsSystem(operations.recordBackup, 'production', { ...file, sha256: '0'.repeat(64) });
  const kept = { id: escrow, place: '/mnt/backup/claviger.escrow', holder: 'ada' };
  await door.runAsSystem(operations.beginEscrow, 'production', kept);
  await door.runAsSystem(operations.completeEscrow, 'production', { id: escrow, secrets: 1, destroyed: 0 });
  return [
    flaw('a key was backed up in plain text', 'exported-in-clear', clear),
    flaw('a key may be backed up in plain text', 'clear-backup-allowed', allowed),
    flaw('a copy of a key lies in the bucket of its data', 'copy-beside-data', beside),
    {
      flaw: 'the escrow lies with the backup that it opens',
      found: [{ detector: 'escrow-beside-backup', subject: `copy:${escrow}` }],
    },
    {
      flaw: 'the root key of production is a file',
      found: [{ detector: 'root-beside-data', subject: 'environment:production' }],
    },
  ];
}

/** Keys of which nobody knows, or too many know. */
async function plantDisorder(company: CompanyHouse, people: People): Promise<readonly Plant[]> {
  const { make, run, encrypt } = people;
  const imported = await make('production', { origin: 'imported' });
  await bringMaterial(people, imported);
  const shared = await make('production', {});
  for (const day of [20, 15]) {
    await company.travel(lastDay - day);
    for (const who of ['payments', 'billing', 'ada']) await encrypt(shared, who);
  }
  const named = await make('production', { name: 'payments-tokens' });
  await run('production', 'ada', operations.createName, { key: byId(named), name: 'billing/tokens' });
  const ownerless = await make('development', { owner: 'unknown' });
  const unsaid = await make('development', { description: '' });
  const orphan = await make('staging', { owner: 'reports' });
  await run('staging', 'admin', operations.setPrincipal, { name: 'reports', roles: null, disabled: true });
  return [
    flaw('material from outside never ends', 'imported-without-end', imported),
    flaw('two applications write under one key', 'several-applications', shared),
    flaw('a key has the names of two applications', 'several-names', named),
    flaw('nobody answers for a key', 'owner-missing', ownerless),
    flaw('nothing says what a key is for', 'purpose-unsaid', unsaid),
    flaw('who answers for a key is disabled', 'owner-gone', orphan),
  ];
}

/**
 * Makes a company of forty keys through the doors of its server, with flaws as far as the server lets them happen: it refuses the material of
 * another environment, so that of the seven mistakes this one is missing. A destruction stays unproved until the house looks again, which it
 * does by itself no more: `travel` wakes it. Afterwards it is day 760.
 */
export async function seedCompany(company: CompanyHouse): Promise<readonly Plant[]> {
  const { node, travel } = company;
  const people = peopleOf(company);
  await hirePeople(company, people);
  const aged = await plantOverYears(company, people);
  const copies = await plantCopies(company, people);
  const disorder = await plantDisorder(company, people);
  const lost = await people.make('production', {});
  const plain: Key[] = [];
  const planted = [...aged, ...copies, ...disorder].flatMap(({ found }) =>
    found.filter(({ subject }) => subject.startsWith('key:')),
  );
  while (plain.length + planted.length + 1 < 40)
    plain.push(await people.make(environments[plain.length % 3] ?? 'production', {}));
  await travel(lastDay - 10);
  const wish = { key: byId(lost), waitingDays: 7, reason: 'the project ended' };
  await people.run('production', 'ada', operations.scheduleDestruction, wish);
  for (const key of plain) await people.encrypt(key);
  // the house sleeps from here on: what it does is done by hand, and nobody looks at it
  await node.maintenance.stop();
  await travel(lastDay - 3, true);
  await node.door.runAsSystem(operations.beginDestruction, 'production', { key: byId(lost) });
  await node.door.runAsSystem(operations.destroyDueKey, 'production', { key: byId(lost) });
  await travel(lastDay, true);
  await node.house.keyUses.flush();
  await node.house.lastUses.flush();
  return [
    ...aged,
    ...copies,
    ...disorder,
    flaw('nobody has looked whether a destroyed key still opens', 'destruction-unproved', lost),
  ];
}
