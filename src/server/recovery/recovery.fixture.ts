import path from 'node:path';
import type { TestContext } from 'node:test';
import { operations, type KeyReference } from '#operations';
import type { Composition } from '../compose.ts';
import type { Config } from '../config.ts';
import { configOf, temporaryFolder } from '../home.fixture.ts';
import { administrator, startNode } from '../node.fixture.ts';
import { makeHolderKeys, readHolderKeys } from './holder-keys.ts';
import fs from 'node:fs';

export type TestHolders = {
  readonly files: readonly string[];
  /** The private keys of some of them, by their numbers. */
  keys(...numbers: number[]): ReturnType<typeof readHolderKeys>;
};

/** Three holders, of whom two are needed, set in the house. */
export async function setHolders(node: Composition, home: string, folder: string): Promise<TestHolders> {
  const files = ['ada', 'bob', 'cleo'].map((name) => path.join(folder, `${name}.pem`));
  for (const file of files) if (!fs.existsSync(file)) await makeHolderKeys(file, null);
  const holders = files.map((file) => ({
    name: path.basename(file, '.pem'),
    publicKey: fs.readFileSync(`${file}.pub`, 'utf8'),
  }));
  await node.door.run(operations.setRecoveryHolders, await administrator(node, home), {
    threshold: 2,
    holders,
  });
  return {
    files,
    keys: (...numbers) =>
      readHolderKeys(
        numbers.map((number) => files[number] ?? ''),
        null,
      ),
  };
}

export type TestHouse = {
  readonly folder: string;
  readonly home: string;
  readonly config: Config;
  readonly node: Composition;
  readonly holders: TestHolders;
  place(name: string): string;
};

/** A home with a running node and recovery holders. */
export async function openHouse(
  test: TestContext,
  wish: Parameters<typeof startNode>[2] = {},
): Promise<TestHouse> {
  const folder = temporaryFolder(test);
  const home = path.join(folder, 'home');
  const node = await startNode(test, home, wish);
  const holders = await setHolders(node, home, folder);
  const config = configOf(home, { CLAVIGER_NODE: 'one' });
  return { folder, home, config, node, holders, place: (name) => path.join(folder, name) };
}

export async function newKey(node: Composition, home: string, name: string | null = null): Promise<string> {
  const key = await node.door.run(operations.createKey, await administrator(node, home), {
    spec: 'AES_256',
    usage: 'encrypt',
    description: '',
    tags: [],
    owner: null,
    policy: null,
    bypassLockoutCheck: false,
    name,
    dataClassification: null,
  });
  return key.id;
}

export const byId = (id: string): KeyReference => ({ kind: 'id', id });

export async function encrypt(node: Composition, home: string, id: string): Promise<Uint8Array> {
  const { ciphertext } = await node.door.run(operations.encrypt, await administrator(node, home), {
    key: byId(id),
    plaintext: Buffer.from('the plaintext'),
    context: null,
    algorithm: null,
    version: null,
    dryRun: false,
  });
  return ciphertext;
}

export async function decrypt(
  node: Composition,
  home: string,
  ciphertext: Uint8Array,
  token?: string,
): Promise<string> {
  const caller = await administratorOf(node, home, token);
  const { plaintext } = await node.door.run(operations.decrypt, caller, {
    key: null,
    ciphertext,
    context: null,
    algorithm: null,
    dryRun: false,
  });
  return Buffer.from(plaintext).toString();
}

/** The administrator by a token that was told elsewhere: a restored home has no credentials file. */
export async function administratorOf(node: Composition, home: string, token?: string) {
  if (token === undefined) return administrator(node, home);
  fs.writeFileSync(path.join(home, 'credentials.env'), `export CLAVIGER_TOKEN='${token}'\n`, { mode: 0o600 });
  return administrator(node, home);
}
