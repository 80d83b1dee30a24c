import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { compose } from './compose.ts';
import { configOf, recordingLogger, temporaryFolder } from './home.fixture.ts';
import { openHome } from './home.ts';
import { nodeName } from './node-name.ts';

const modeOf = (file: string) => fs.statSync(file).mode & 0o777;
const skip = process.platform === 'win32' ? 'Windows has no such modes' : false;

describe('the home', { skip }, () => {
  it('is made for its owner alone, with the folders above it', async (test) => {
    const home = path.join(temporaryFolder(test), 'a', 'b');
    await openHome(home);
    assert.equal(modeOf(home), 0o700);
  });

  it('that others could enter is closed to them', async (test) => {
    const home = temporaryFolder(test);
    for (const mode of [0o755, 0o770, 0o701]) {
      fs.chmodSync(home, mode);
      await openHome(home);
      assert.equal(modeOf(home), 0o700);
    }
  });

  it('holds nothing that others can read, wherever the parts are and whatever the mask', async (test) => {
    const before = process.umask(0);
    test.after(() => process.umask(before));
    const home = path.join(temporaryFolder(test), 'home');
    const composition = await compose({
      config: configOf(home),
      logger: recordingLogger().logger,
      worker: 0,
    });
    test.after(() => composition.close());
    const open = fs
      .readdirSync(home, { recursive: true, encoding: 'utf8' })
      .filter((name) => (modeOf(path.join(home, name)) & 0o077) !== 0);
    assert.deepEqual(open, []);
    assert.equal(modeOf(home), 0o700);
  });

  it('is made also where everything that is kept lies elsewhere', async (test) => {
    const [folder, elsewhere] = [temporaryFolder(test), temporaryFolder(test)];
    const home = path.join(folder, 'home');
    const config = configOf(home, {
      CLAVIGER_NODE: 'n1',
      CLAVIGER_DATABASE_URL: `sqlite:${elsewhere}/claviger.db`,
      CLAVIGER_SHRED_URL: `sqlite:${elsewhere}/shred.db`,
      CLAVIGER_ROOT: `file:${elsewhere}/root.key`,
      CLAVIGER_AUDIT_FOLDER: `${elsewhere}/audit`,
    });
    const composition = await compose({ config, logger: recordingLogger().logger, worker: 0 });
    await composition.close();
    assert.deepEqual(fs.readdirSync(home), ['credentials.env']);
  });
});

describe('the name of a node', () => {
  it('is made once and kept, a worker adds its number', async (test) => {
    const home = temporaryFolder(test);
    const config = configOf(home);
    const name = await nodeName(config, 0);
    assert.match(name, /^node-[0-9a-f]{8}$/);
    assert.equal(await nodeName(config, 0), name);
    assert.equal(await nodeName(config, 2), `${name}-w2`);
    assert.equal(await nodeName(configOf(home, { CLAVIGER_NODE: 'blue' }), 0), 'blue');
  });

  it('is never made anew where the file can not be understood', async (test) => {
    const home = temporaryFolder(test);
    for (const text of ['', 'A B', '../x', 'a'.repeat(60)]) {
      fs.writeFileSync(path.join(home, 'node'), text);
      await assert.rejects(nodeName(configOf(home), 0), /does not hold a node name/);
    }
  });
});
