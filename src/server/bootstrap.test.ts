import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { ClavigerError } from '#domain';
import { readBootstrap } from './bootstrap.ts';
import { temporaryFolder } from './home.fixture.ts';

function fileWith(test: TestContext, content: unknown, mode = 0o600): string {
  const file = path.join(temporaryFolder(test), 'bootstrap.json');
  fs.writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content), { mode });
  fs.chmodSync(file, mode);
  return file;
}

async function refused(file: string, why: RegExp): Promise<void> {
  await assert.rejects(readBootstrap(file), (error: unknown) => {
    assert.ok(error instanceof ClavigerError && error.code === 'configuration-invalid', String(error));
    assert.match(error.message, why);
    assert.doesNotMatch(error.message, /hunter2/);
    return true;
  });
}

const ci = {
  name: 'ci',
  admin: true,
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'hunter2hunter2',
  token: 'hunter2-token',
};
const staging = { name: 'staging', awsAccountId: '000000000000', principals: [ci] };

describe('the bootstrap file', () => {
  it('is read as the outside contract writes it, and with all that may be left out', async (test) => {
    const told = await readBootstrap(fileWith(test, { environments: [staging] }));
    assert.deepEqual(told, { environments: [staging] });
    const short = await readBootstrap(
      fileWith(test, { environments: [{ name: 'a' }, { name: 'b', principals: [{ name: 'x' }] }] }),
    );
    assert.deepEqual(short.environments[0]?.principals, []);
    assert.equal(short.environments[1]?.principals[0]?.admin, false);
  });

  it('must be readable by its owner only', async (test) => {
    if (process.platform === 'win32') return test.skip('Windows has no such modes');
    for (const mode of [0o640, 0o604, 0o660, 0o644])
      await refused(fileWith(test, { environments: [staging] }, mode), /chmod 600/);
  });

  it('must be there, and JSON, and is not quoted where it is not', async (test) => {
    await refused(path.join(temporaryFolder(test), 'absent'), /can't be read/);
    await refused(fileWith(test, '{"secretAccessKey":"hunter2'), /not JSON/);
    await refused(fileWith(test, 'hunter2'), /not JSON/);
  });

  const bad: readonly (readonly [string, unknown, RegExp])[] = [
    ['no environment', { environments: [] }, /environments/],
    ['an unknown member', { environments: [staging], hunter2: 1 }, /unrecognized/],
    ['a bad name', { environments: [{ name: 'Staging' }] }, /environments\.0\.name/],
    ['a bad account', { environments: [{ ...staging, awsAccountId: '1' }] }, /awsAccountId/],
    [
      'a bad principal',
      { environments: [{ ...staging, principals: [{ name: 'a b' }] }] },
      /principals\.0\.name/,
    ],
    [
      'a short secret',
      { environments: [{ ...staging, principals: [{ ...ci, secretAccessKey: 'hunter2' }] }] },
      /secretAccessKey/,
    ],
    [
      'a secret of two lines',
      { environments: [{ ...staging, principals: [{ ...ci, secretAccessKey: 'hunter2\nhunter2' }] }] },
      /secretAccessKey/,
    ],
    [
      'a bad token',
      { environments: [{ ...staging, principals: [{ ...ci, token: 'hunter2 token' }] }] },
      /token/,
    ],
    [
      'an unknown role',
      { environments: [{ ...staging, principals: [{ name: 'x', roles: ['king'] }] }] },
      /roles/,
    ],
    [
      'an environment twice',
      { environments: [staging, { name: 'staging' }] },
      /environments\.1\.name is there twice/,
    ],
    [
      'an account twice',
      { environments: [staging, { name: 'b', awsAccountId: '000000000000' }] },
      /environments\.1\.awsAccountId/,
    ],
    [
      'a principal twice',
      { environments: [{ ...staging, principals: [ci, { name: 'ci' }] }] },
      /principals\.1\.name/,
    ],
    [
      'an access key twice',
      { environments: [staging, { name: 'b', principals: [{ name: 'ci', accessKeyId: 'AKIDEXAMPLE' }] }] },
      /accessKeyId/,
    ],
    [
      'a token twice',
      { environments: [staging, { name: 'b', principals: [{ name: 'ci', token: 'hunter2-token' }] }] },
      /token/,
    ],
  ];
  for (const [name, content, why] of bad)
    it(`is refused with ${name}`, (test) => refused(fileWith(test, content), why));

  it('may have the same name in two environments', async (test) => {
    await readBootstrap(
      fileWith(test, { environments: [staging, { name: 'b', principals: [{ name: 'ci' }] }] }),
    );
  });
});
