import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { newHome, removeHome, startTestServer, type TestServer } from './servers.ts';

const folder = path.join(import.meta.dirname, '..', 'examples');
const run = promisify(execFile);

/** What each example says at its end. */
const said: Readonly<Record<string, RegExp>> = {
  'encrypt-a-file.ts': /^encrypted and decrypted .* under key [0-9a-f-]{36}\n$/,
  'encrypt-records.ts': /^sealed 2500 records with 3 data keys\n$/,
  'rotate.ts':
    /^version 2 protects; written before; compromised: key-state-forbids; moved: written before\n$/,
  'sign-and-verify.ts': /^by the server: true, offline: true, another message: false\n$/,
};

describe('the examples', () => {
  let server: TestServer;
  const home = newHome();
  before(async () => {
    server = await startTestServer();
  });
  after(async () => {
    await server.stop();
    removeHome(server.home);
    removeHome(home);
  });

  it('are all run here', () => {
    assert.deepEqual(fs.readdirSync(folder).sort(), Object.keys(said).sort());
  });

  for (const [name, expected] of Object.entries(said)) {
    it(`${name} runs`, async () => {
      const file = path.join(home, 'a file.bin');
      const content = Buffer.alloc(3_000_000, name);
      fs.writeFileSync(file, content);
      const { stdout } = await run(process.execPath, [path.join(folder, name), file], { env: server.env });
      assert.match(stdout, expected);
      if (name !== 'encrypt-a-file.ts') return;
      assert.ok(fs.readFileSync(`${file}.dec`).equals(content));
      assert.equal(fs.statSync(`${file}.enc`).size > content.length, true);
    });
  }
});
