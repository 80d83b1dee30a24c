import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { b64, startVault, type VaultServer } from '../../vault-server.fixture.ts';

describe('hashes and random bytes', () => {
  let vault: VaultServer;
  before(async () => {
    vault = await startVault();
  });
  after(() => vault.close());

  for (const base of ['transit', 'sys/tools']) {
    it(`hashes as OpenSSL does, under ${base}`, async () => {
      for (const [word, name] of [
        ['sha2-256', 'sha256'],
        ['sha2-512', 'sha512'],
        ['sha3-224', 'sha3-224'],
      ] as const) {
        const sum = crypto.hash(name, 'data');
        const input = b64('data');
        assert.deepEqual(await vault.done('POST', `${base}/hash/${word}`, { input }), { sum });
        const inBase64 = { input, algorithm: word, format: 'base64' };
        assert.deepEqual(await vault.done('POST', `${base}/hash`, inBase64), {
          sum: Buffer.from(sum, 'hex').toString('base64'),
        });
      }
      assert.deepEqual(await vault.done('POST', `${base}/hash`), { sum: crypto.hash('sha256', '') });
    });

    it(`makes random bytes, under ${base}`, async () => {
      const lengthOf = async (path: string, body: object, encoding: BufferEncoding = 'base64') =>
        Buffer.from((await vault.done('POST', `${base}/random${path}`, body))['random_bytes'], encoding)
          .length;
      assert.equal(await lengthOf('', {}), 32);
      assert.equal(await lengthOf('', { bytes: '7', format: 'hex' }, 'hex'), 7);
      assert.equal(await lengthOf('/64', {}), 64);
      assert.equal(await lengthOf('/all', { bytes: 3 }), 3);
      assert.equal(await lengthOf('/platform/131072', {}), 131_072);
    });

    const refusals: readonly [string, object, RegExp][] = [
      ['hash/md5', { input: '' }, /^unsupported algorithm md5$/],
      ['hash/sha1', { input: '' }, /^unsupported algorithm sha1$/],
      ['hash', { input: '?' }, /base64/],
      ['hash', { input: '', format: 'x' }, /^unsupported encoding format "x"; must be "hex" or "base64"$/],
      ['random', { bytes: 0 }, /^"bytes" cannot be less than 1$/],
      ['random/-1', {}, /^"bytes" cannot be less than 1$/],
      ['random/131073', {}, /^"bytes" should be less than 131072$/],
      ['random/many', {}, /^error parsing url-set byte count/],
      ['random/moon/7', {}, /^unsupported entropy source "moon"; must be "platform" or "seal", or "all"$/],
      ['random', { format: 'x' }, /^unsupported encoding format "x"/],
    ];
    for (const [path, body, text] of refusals)
      it(`refuses ${base}/${path} ${JSON.stringify(body)}`, async () => {
        const answer = await vault.call('POST', `${base}/${path}`, body);
        assert.equal(answer.status, 400);
        assert.match(answer.body['errors'][0], text);
      });
  }
});
