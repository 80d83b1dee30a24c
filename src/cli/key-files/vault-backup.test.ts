import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CliError } from '../exit.ts';
import { readVaultBackups } from './vault-backup.ts';

const key = 'q2EOkkBai1ibCmHMQGthpd8LBhuk5gvVeThG64eo8bA=';
const entry = { key, hmac_key: '', time: '2023-02-13T15:42:46.974589361Z', creation_time: 1676302966 };
const old = { ...entry, time: '0001-01-01T00:00:00Z' };
const backupOf = (policy: object, keys: object = { '1': entry }) => {
  const whole = { name: 'pay', type: 0, latest_version: 1, min_available_version: 0, keys, ...policy };
  return Buffer.from(JSON.stringify({ policy: whole, archived_keys: { keys: [{}, entry] } })).toString(
    'base64',
  );
};
const read = (text: string) => readVaultBackups(Buffer.from(text));
const one = (policy: object, keys?: object) => {
  const [found, ...more] = read(backupOf(policy, keys));
  assert.ok(found && more.length === 0);
  return found;
};

describe('backups of Vault, looked at', () => {
  it('tell what is in one, and nothing of its secrets', () => {
    const { encoded, ...told } = one({ latest_version: 4, min_available_version: 2 }, { '4': entry });
    assert.deepEqual(told, {
      name: 'pay',
      label: null,
      type: 'aes256-gcm96',
      versions: 3,
      newestAt: '2023-02-13T15:42:46.974589361Z',
      left: [],
      why: null,
    });
    assert.equal(encoded, backupOf({ latest_version: 4, min_available_version: 2 }, { '4': entry }));
    assert.equal(one({}, { '1': old }).newestAt, '');
  });

  it('tell what does not come with it', () => {
    const coded = { '1': { ...entry, hmac_key: key } };
    assert.match(one({}, coded).left.join(), /^hmac_key: /);
    assert.deepEqual(one({ type: 11, key_size: 32 }, coded).left, []);
    assert.deepEqual(one({}, { '1': { ...entry, certificate_chain: ['AA=='] } }).left, ['certificate_chain']);
  });

  const refusals: readonly [string, object, RegExp][] = [
    ['XChaCha20', { type: 11 }, /xchacha20-poly1305/],
    ['a type that nobody knows', { type: 77 }, /number 77/],
    ['an old derivation', { derived: true, kdf: 0 }, /old way/],
    [
      'an old convergence',
      { derived: true, kdf: 1, convergent_encryption: true, convergent_version: 1 },
      /version before 3/,
    ],
    [
      'an old convergence of a version',
      { derived: true, kdf: 1, convergent_encryption: true, convergent_version: -1 },
      /version before 3/,
    ],
    ['a template', { version_template: 'mine:{{version}}:' }, /words of their own/],
  ];
  for (const [what, policy, why] of refusals)
    it(`tell that ${what} will be refused`, () => assert.match(one(policy).why ?? '', why));

  it('come alone, one on each line, in an answer of Vault, or by name', () => {
    const [pay, ship] = [backupOf({}), backupOf({ name: 'ship' })];
    const names = (text: string) => read(text).map(({ name, label }) => [name, label]);
    assert.deepEqual(names(`${pay}\n`), [['pay', null]]);
    assert.deepEqual(names(`\uFEFF${pay}\r\n\r\n${ship}`), [
      ['pay', null],
      ['ship', null],
    ]);
    const answer = { request_id: 'x', data: { backup: pay } };
    assert.deepEqual(names(JSON.stringify(answer, null, 2)), [['pay', null]]);
    assert.deepEqual(names(`${JSON.stringify(answer)}\n${JSON.stringify({ backup: ship })}`), [
      ['pay', null],
      ['ship', null],
    ]);
    assert.deepEqual(names(JSON.stringify({ a: pay, b: ship })), [
      ['pay', 'a'],
      ['ship', 'b'],
    ]);
  });

  it('are refused in words that tell nothing of what stands there', () => {
    const texts = ['', ' \n', '{}', 'hunter2-hunter2', '{"a":"hunter2"}', '{"a":{"b":"hunter2"}}'];
    for (const text of [...texts, Buffer.from('{"policy":"hunter2"}').toString('base64'), '[1]'])
      assert.throws(
        () => read(text),
        (error) => error instanceof CliError && error.exit === 2 && !error.message.includes('hunter2'),
        text,
      );
  });

  it('are read or refused, whatever stands there', () => {
    const inner = fc.json({ maxDepth: 4 }).map((text) => Buffer.from(text).toString('base64'));
    const policy = fc
      .record({ policy: fc.record({ name: fc.string(), keys: fc.object(), type: fc.jsonValue() }) })
      .map((value) => Buffer.from(JSON.stringify(value)).toString('base64'));
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), inner, policy), (text) => {
        try {
          for (const found of read(text)) assert.equal(typeof found.type, 'string');
        } catch (error) {
          assert.ok(error instanceof CliError, String(error));
        }
      }),
    );
  });
});
