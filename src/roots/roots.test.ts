import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { execFileSync } from 'node:child_process';
import { SecretBytes } from '#crypto';
import { StopError } from '#domain';
import { rootOfTrustContract } from '#ports/contract';
import {
  createFileRoot,
  newPassphraseParameters,
  openFileRoot,
  openPassphraseRoot,
  parsePassphraseParameters,
  type PassphraseParameters,
} from './index.ts';

function temporary(): string {
  return fs.mkdtempSync(path.join(os.tmpdir(), 'claviger-roots-'));
}

async function stops(work: Promise<unknown>, message: RegExp): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.ok(error instanceof StopError);
    assert.equal(error.code, 'root-refused');
    assert.match(error.message, message);
    return true;
  });
}

rootOfTrustContract('file', async () => {
  const folder = temporary();
  const [mine, another] = [path.join(folder, 'root.key'), path.join(folder, 'another.key')];
  await createFileRoot(mine);
  await createFileRoot(another);
  const root = await openFileRoot(mine);
  return {
    root,
    again: () => openFileRoot(mine),
    other: () => openFileRoot(another),
    async dispose() {
      await root.close();
      fs.rmSync(folder, { recursive: true, force: true });
    },
  };
});

/** Argon2id at its least, so that the tests don't wait. */
function cheap(): PassphraseParameters {
  return { ...newPassphraseParameters(), memoryKiB: 19_456, passes: 1, parallelism: 1 };
}

async function openWith(words: string, parameters: PassphraseParameters) {
  using passphrase = SecretBytes.copyOf(Buffer.from(words));
  return await openPassphraseRoot(passphrase, parameters);
}

rootOfTrustContract('passphrase', async () => {
  const parameters = cheap();
  const root = await openWith('correct horse battery', parameters);
  return {
    root,
    again: () => openWith('correct horse battery', parameters),
    other: () => openWith('correct horse batterz', parameters),
    dispose: () => root.close(),
  };
});

describe('the root key file', () => {
  let folder: string;
  let count = 0;
  before(() => {
    folder = temporary();
  });
  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  async function newFile(): Promise<string> {
    count += 1;
    const file = path.join(folder, `${count}`, 'root.key');
    await createFileRoot(file);
    return file;
  }

  it("is its owner's alone, in a folder that is its owner's alone", async () => {
    const file = await newFile();
    assert.equal(fs.statSync(file).mode & 0o777, 0o600);
    assert.equal(fs.statSync(path.dirname(file)).mode & 0o777, 0o700);
  });

  it('is never replaced', async () => {
    const file = await newFile();
    const before = fs.readFileSync(file);
    await stops(createFileRoot(file), /never replaced/);
    assert.deepEqual(fs.readFileSync(file), before);
  });

  it('is refused when others can read it', async () => {
    const file = await newFile();
    for (const mode of [0o640, 0o604, 0o610, 0o601, 0o620, 0o666]) {
      fs.chmodSync(file, mode);
      await stops(openFileRoot(file), /chmod 600/);
    }
    fs.chmodSync(file, 0o400);
    await (await openFileRoot(file)).close();
  });

  const isRoot = process.geteuid?.() === 0;
  it('is refused when it belongs to another user', {
    skip: !isRoot && 'only root can give a file away',
  }, async () => {
    const file = await newFile();
    fs.chownSync(file, 12_345, 12_345);
    await stops(openFileRoot(file), /another user/);
  });

  it('is refused when it is a link, a folder or a pipe', async () => {
    const file = await newFile();
    const link = path.join(folder, 'link');
    fs.symlinkSync(file, link);
    await stops(openFileRoot(link), /not a plain file/);
    const inside = path.join(folder, 'inside');
    fs.mkdirSync(inside, { mode: 0o700 });
    await stops(openFileRoot(inside), /not a plain file/);
    const pipe = path.join(folder, 'pipe');
    execFileSync('mkfifo', ['-m', '600', pipe]);
    await stops(openFileRoot(pipe), /not a plain file/);
  });

  it('is refused when it is damaged, whichever byte it is', async () => {
    const file = await newFile();
    const whole = fs.readFileSync(file, 'latin1');
    const lines = whole.split('\n');
    const damaged = [
      '',
      whole.slice(0, 10),
      whole.slice(0, -6),
      whole.replace('v1', 'v2'),
      `${whole}AAAA`,
      `${lines[0]}\n`,
      `${lines[0]}\n!!!!${lines[1]?.slice(4)}\n`,
      `${lines[0]}\n${lines[1]?.slice(0, -1)}\n`,
      `${lines[0]}\n${lines[1]} ${lines[1]}\n`,
      'x'.repeat(5000),
    ];
    for (const text of damaged) {
      fs.writeFileSync(file, text);
      await stops(openFileRoot(file), /damaged|not a root key file/);
    }
    fs.writeFileSync(file, whole);
    await (await openFileRoot(file)).close();
  });

  it('is unavailable, and is not made anew, when it is not there', async () => {
    const file = path.join(folder, 'absent', 'root.key');
    await assert.rejects(openFileRoot(file), (error) => {
      assert.ok(!(error instanceof StopError));
      assert.equal((error as { code?: string }).code, 'root-unavailable');
      return true;
    });
    assert.equal(fs.existsSync(path.dirname(file)), false);
  });
});

describe('the parameters of a passphrase', () => {
  it('survive being kept as text', () => {
    const parameters = newPassphraseParameters();
    assert.deepEqual(parsePassphraseParameters(JSON.stringify(parameters)), parameters);
    assert.notEqual(newPassphraseParameters().salt, parameters.salt);
  });

  it('stop when they are damaged', () => {
    const good = newPassphraseParameters();
    const texts = [
      '',
      'null',
      '[]',
      '{',
      JSON.stringify({ ...good, salt: 7 }),
      JSON.stringify({ ...good, salt: '' }),
      JSON.stringify({ ...good, salt: 'AAAA' }),
      JSON.stringify({ ...good, salt: `!${good.salt}` }),
      JSON.stringify({ ...good, passes: 0 }),
      JSON.stringify({ ...good, passes: 1.5 }),
      JSON.stringify({ ...good, memoryKiB: '65536' }),
      JSON.stringify({ ...good, parallelism: undefined }),
    ];
    for (const text of texts)
      assert.throws(
        () => parsePassphraseParameters(text),
        (error) => error instanceof StopError && error.code === 'integrity-failed',
        text,
      );
  });
});
