import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { hasCode, StopError } from '#domain';
import type { RootOfTrust } from '#ports';
import { rootOfTrustContract } from '#ports/contract';
import { openPkcs11Root } from './pkcs11-root.ts';
import { scratchToken, withoutSoftHsm, type ScratchToken } from './softhsm.fixture.ts';

const skip = withoutSoftHsm();
const choice = { mayCreate: true, claimId: async (id: string) => id };

let scratch: ScratchToken;

rootOfTrustContract(
  'pkcs11 (SoftHSM)',
  async () => {
    scratch = scratchToken();
    Object.assign(process.env, scratch.env);
    return {
      root: await openPkcs11Root(scratch.uri('one'), choice),
      again: () => openPkcs11Root(scratch.uri('one'), choice),
      other: () => openPkcs11Root(scratch.uri('two'), choice),
      dispose: async () => scratch.remove(),
    };
  },
  skip || undefined,
);

describe('a root in a token', { skip }, () => {
  let token: ScratchToken;
  before(() => {
    token = scratchToken('mine');
    Object.assign(process.env, token.env);
  });
  after(() => token.remove());

  it('is made only where it may be', async () => {
    const never = { ...choice, mayCreate: false };
    await assert.rejects(openPkcs11Root(token.uri('absent'), never), (error) =>
      hasCode(error, 'root-unavailable'),
    );
  });

  it('refuses a wrong PIN once and for the life of the process, also where the file was corrected', async () => {
    const pin = path.join(token.folder, 'wrong');
    fs.writeFileSync(pin, 'wrong-pin-1', { mode: 0o600 });
    const uri = token.uri('r').replace(/file:.*$/, `file:${pin}`);
    const refused = (error: unknown) => error instanceof StopError && error.code === 'root-refused';
    await assert.rejects(openPkcs11Root(uri, choice), refused);
    fs.writeFileSync(pin, 'right-pin-1', { mode: 0o600 });
    await assert.rejects(openPkcs11Root(uri, choice), refused);
  });

  it('refuses a PIN file that others can read', async () => {
    const pin = path.join(token.folder, 'open');
    fs.writeFileSync(pin, 'right-pin-1', { mode: 0o644 });
    const uri = token.uri('r').replace(/file:.*$/, `file:${pin}`);
    await assert.rejects(openPkcs11Root(uri, choice), (error) => error instanceof StopError);
  });

  it('is unavailable while the token is away, and works again when it is back', async () => {
    const root: RootOfTrust = await openPkcs11Root(token.uri('here'), choice);
    const wrapped = await root.wrap(Buffer.alloc(32, 7), 'words');
    const tokens = path.join(token.folder, 'tokens');
    fs.renameSync(tokens, `${tokens}.away`);
    fs.mkdirSync(tokens);
    const gone = (error: unknown) => hasCode(error, 'root-unavailable') && !(error instanceof StopError);
    await assert.rejects(root.probe?.() ?? Promise.resolve(), gone);
    await assert.rejects(root.unwrap(wrapped, 'words'), gone);
    await assert.rejects(root.wrap(Buffer.alloc(32), 'words'), gone);
    fs.rmSync(tokens, { recursive: true });
    fs.renameSync(`${tokens}.away`, tokens);
    assert.deepEqual(Buffer.from(await root.unwrap(wrapped, 'words')), Buffer.alloc(32, 7));
    await root.probe?.();
    await root.close();
  });
});
