import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { tokenId } from '#access';
import { SecretBytes } from '#crypto';
import { accessKeySecretName, createHierarchy, type Hierarchy } from '#operations';
import type { Store } from '#ports';
import { openShredStore, openStore } from '#storage';
import type { Bootstrap } from './bootstrap.ts';
import { configOf, readCredentials, temporaryFolder } from './home.fixture.ts';
import { firstEnvironmentSetting, initialise, type InitReport } from './initialise.ts';
import { openRoot } from './roots.ts';

const plan: Bootstrap = {
  environments: [
    {
      name: 'staging',
      awsAccountId: '000000000000',
      principals: [
        {
          name: 'robot',
          admin: false,
          accessKeyId: 'AKIDROBOT',
          secretAccessKey: 'robot-secret',
          token: 'robot-token',
        },
        {
          name: 'ci',
          admin: true,
          accessKeyId: 'AKIDCI',
          secretAccessKey: "it's-a-secret",
          token: 'ci-token-given',
        },
      ],
    },
    {
      name: 'production',
      principals: [
        { name: 'boss', admin: true },
        { name: 'reader', admin: false, roles: ['auditor'] },
      ],
    },
  ],
};

type Node = { readonly home: string; readonly store: Store; readonly hierarchy: Hierarchy };

/** A node on a store that may be shared with others. */
async function nodeOf(test: TestContext, home: string, shared = home): Promise<Node> {
  const config = configOf(shared);
  const store = await openStore(config.databaseUrl);
  const shreds = await openShredStore(config.shredUrl);
  const root = await openRoot(config, store);
  test.after(async () => {
    await root.close();
    await shreds.close();
    await store.close();
  });
  return { home, store, hierarchy: createHierarchy({ root, store, shreds }) };
}

function start({ home, store, hierarchy }: Node, seed: Bootstrap | null = plan): Promise<InitReport> {
  const bootstrap = seed && (() => Promise.resolve(seed));
  return initialise({
    config: configOf(home),
    store,
    hierarchy,
    rootSetting: null,
    now: 1000,
    node: 'n',
    bootstrap,
  });
}

/** Requires that the house is as the plan says and that the credentials in the file are those of the first administrator. */
async function requireComplete({ home, store, hierarchy }: Node): Promise<void> {
  const environments = (await store.environments()).map(({ environment }) => environment);
  assert.deepEqual(
    environments.map(({ name }) => name),
    ['production', 'staging'],
  );
  assert.equal(environments[1]?.accountId, '000000000000');
  assert.equal(await store.setting(firstEnvironmentSetting), 'staging');
  for (const { name, principals } of plan.environments) {
    const made = await store.principals(name);
    assert.deepEqual(made.map((entry) => entry.name).sort(), principals.map((entry) => entry.name).sort());
    for (const { id } of made) assert.equal((await store.credentialsOf(id)).length, 2);
  }
  const boss = await store.principalByName('production', 'boss');
  assert.deepEqual(boss?.roles, ['administrator']);
  assert.deepEqual((await store.principalByName('production', 'reader'))?.roles, ['auditor']);
  assert.deepEqual((await store.principalByName('staging', 'robot'))?.roles, ['user']);
  await requireSecret({ home, store, hierarchy }, 'AKIDROBOT', 'robot-secret');
  assert.ok(await store.credential(tokenId('robot-token')));
  assert.deepEqual(
    fs.readdirSync(home).filter((name) => name.includes('.new')),
    [],
  );
}

async function requireSecret({ store, hierarchy }: Node, id: string, secret: string): Promise<void> {
  const stored = await store.credential(id);
  assert.ok(stored?.kind === 'access-key', `there is no access key ${id}`);
  using opened = await hierarchy.openSmall(stored.environment, accessKeySecretName(id), stored.wrappedSecret);
  using given = SecretBytes.take(Buffer.from(secret));
  assert.ok(
    opened.use((bytes) => given.use((wanted) => Buffer.from(bytes).equals(wanted))),
    `${id} has another secret`,
  );
}

async function requireTold(node: Node, home = node.home): Promise<void> {
  const env = readCredentials(home);
  assert.ok(
    await node.store.credential(tokenId(env['CLAVIGER_TOKEN'] ?? '')),
    'the token is not one of the store',
  );
  await requireSecret(
    node,
    env['AWS_ACCESS_KEY_ID'] ?? '',
    (env['AWS_SECRET_ACCESS_KEY'] ?? '').replaceAll("'\\''", "'"),
  );
}

describe('a first start', () => {
  it('makes what the bootstrap file says, and tells the first administrator alone', async (test) => {
    const home = temporaryFolder(test);
    const node = await nodeOf(test, home);
    const report = await start(node);
    assert.deepEqual(
      [report.created, report.environments.map(({ name }) => name)],
      [true, ['staging', 'production']],
    );
    await requireComplete(node);
    await requireTold(node);
    const file = path.join(home, 'credentials.env');
    assert.equal(report.credentialsFile, file);
    assert.equal(fs.statSync(file).mode & 0o777, 0o600);
    assert.equal(
      fs.readFileSync(file, 'utf8'),
      [
        "export AWS_ACCESS_KEY_ID='AKIDCI'",
        "export AWS_SECRET_ACCESS_KEY='it'\\''s-a-secret'",
        "export AWS_REGION='us-east-1'",
        "export AWS_DEFAULT_REGION='us-east-1'",
        "export AWS_ENDPOINT_URL_KMS='http://127.0.0.1:0'",
        "export AWS_ENDPOINT_URL_SECRETS_MANAGER='http://127.0.0.1:0'",
        "export VAULT_ADDR='http://127.0.0.1:0'",
        "export VAULT_TOKEN='ci-token-given'",
        "export CLAVIGER_ADDR='http://127.0.0.1:0'",
        "export CLAVIGER_TOKEN='ci-token-given'",
        '',
      ].join('\n'),
    );
    const secrets = /it's-a-secret|robot-secret|ci-token-given/;
    const events = await node.store.outbox('n');
    assert.equal(events.length, 6);
    assert.doesNotMatch(JSON.stringify(events), secrets);
  });

  it('without a bootstrap file makes one environment and one administrator', async (test) => {
    const node = await nodeOf(test, temporaryFolder(test));
    const report = await start(node, null);
    assert.deepEqual(
      report.environments.map(({ name }) => name),
      ['default'],
    );
    assert.match(report.environments[0]?.accountId ?? '', /^[0-9]{12}$/);
    await requireTold(node);
  });

  it('is the only one that reads the bootstrap file', async (test) => {
    const node = await nodeOf(test, temporaryFolder(test));
    await start(node);
    const before = readCredentials(node.home);
    const bootstrap = () => Promise.reject(new Error('the file was removed, for it held secrets'));
    const { home, store, hierarchy } = node;
    const again = await initialise({
      config: configOf(home),
      store,
      hierarchy,
      rootSetting: null,
      now: 2000,
      node: 'n',
      bootstrap,
    });
    assert.equal(again.created, false);
    assert.deepEqual(readCredentials(home), before);
  });
});

/** The store, but the n-th write fails: before it was made, or after it, when nobody knows. */
function failing(store: Store, n: number, when: 'before' | 'after'): Store {
  let writes = 0;
  const kinds: readonly (string | symbol)[] = ['commit', 'claimSetting'];
  return new Proxy(store, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== 'function') return method;
      return async (...values: unknown[]): Promise<unknown> => {
        const isLast = kinds.includes(name) && (writes += 1) === n;
        if (isLast && when === 'before') throw new Error('the process ends here');
        const result: unknown = await Reflect.apply(method, target, values);
        if (isLast) throw new Error('the process ends here');
        return result;
      };
    },
  });
}

describe('a first start that ends in the middle', () => {
  for (const when of ['before', 'after'] as const) {
    it(`is finished by the next one, wherever it ended (${when} a write)`, async (test) => {
      let crashes = 0;
      for (let n = 1; ; n += 1) {
        const node = await nodeOf(test, temporaryFolder(test));
        const crashed = await start({ ...node, store: failing(node.store, n, when) }).then(
          () => false,
          () => true,
        );
        if (!crashed) break;
        crashes += 1;
        await start(node);
        await requireComplete(node);
        await requireTold(node);
        assert.equal(readCredentials(node.home)['AWS_ACCESS_KEY_ID'], 'AKIDCI', `after ${n} writes`);
      }
      assert.equal(crashes, 8);
    });
  }

  it('removes what it prepared for an administrator that was never made', async (test) => {
    const node = await nodeOf(test, temporaryFolder(test));
    await start(node, null);
    const stale = path.join(node.home, 'credentials.env.6f1ed002-ab48-4cbb-9d3c-0b6f8a5d2c11.new');
    fs.writeFileSync(stale, "export AWS_ACCESS_KEY_ID='AKIDNOBODY'\n", { mode: 0o600 });
    const before = readCredentials(node.home);
    await start(node, null);
    assert.equal(fs.existsSync(stale), false);
    assert.deepEqual(readCredentials(node.home), before);
  });
});

describe('several first starts at once', () => {
  it('in one home make one house, and the credentials that are told are the right ones', async (test) => {
    for (let round = 0; round < 5; round += 1) {
      const home = temporaryFolder(test);
      const nodes = [await nodeOf(test, home), await nodeOf(test, home), await nodeOf(test, home)];
      await Promise.all(nodes.map((node) => start(node)));
      for (const node of nodes) await requireTold(node);
      const [node] = nodes;
      assert.ok(node);
      await requireComplete(node);
    }
  });

  it('without given secrets, too', async (test) => {
    for (let round = 0; round < 5; round += 1) {
      const home = temporaryFolder(test);
      const nodes = [await nodeOf(test, home), await nodeOf(test, home), await nodeOf(test, home)];
      await Promise.all(nodes.map((node) => start(node, null)));
      for (const node of nodes) await requireTold(node);
      assert.equal((await nodes[0]?.store.principals('default'))?.length, 1);
    }
  });

  it('in homes of their own on one store tell the credentials in exactly one of them', async (test) => {
    const shared = temporaryFolder(test);
    const nodes = [];
    for (let count = 0; count < 3; count += 1) nodes.push(await nodeOf(test, temporaryFolder(test), shared));
    await Promise.all(nodes.map((node) => start(node, null)));
    for (const node of nodes) await start(node, null);
    const told = nodes.filter(({ home }) => fs.existsSync(path.join(home, 'credentials.env')));
    assert.equal(told.length, 1);
    for (const node of told) await requireTold(node);
    for (const { home } of nodes)
      assert.deepEqual(
        fs.readdirSync(home).filter((name) => name.includes('.new')),
        [],
      );
  });
});
