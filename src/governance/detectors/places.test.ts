import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { dataPlaces, spotsOf } from './places.ts';

const meet = (a: string, b: string): boolean => spotsOf(a).some((spot) => spotsOf(b).includes(spot));

describe('places of copies and of data', () => {
  const same: readonly (readonly [string, string])[] = [
    ['s3://cards/keys/1.bin', 'arn:aws:s3:::cards'],
    ['arn:aws:s3:::cards/2026/*', 'https://cards.s3.eu-north-1.amazonaws.com/x'],
    ['https://s3.amazonaws.com/cards/x', 's3://CARDS'],
    ['gs://lake/x', 'https://storage.googleapis.com/lake/y'],
    ['https://acct.blob.core.windows.net/keys/a', 'https://acct.blob.core.windows.net/keys/b'],
    ['postgres://app@db1.example.com:5432/cards', 'db1.example.com:/var/backups/key.bin'],
    ['ada@db1.example.com:/srv', 'sftp://db1.example.com/x'],
    ['\\\\files\\keys\\a.bin', '//files/data/'],
    ['/mnt/data/cards', '/mnt/data/keys/1.bin'],
    ['/backup/claviger.backup', '/backup/claviger.backup.escrow'],
    ['file:///mnt/data/x', '/mnt/data'],
    ['D:\\keys\\1.bin', 'd:/cards'],
    ['orders-db', 'Orders-DB '],
    ['on s3://cards/k (by Ada)', 's3://cards'],
  ];
  const different: readonly (readonly [string, string])[] = [
    ['s3://cards', 's3://cards-keys'],
    ['s3://cards', 'gs://cards'],
    ['/mnt/data', '/mnt/backup'],
    ['/var/lib/cards', '/var/backups/keys'],
    ['/home/ada/x', '/home/eva/x'],
    ['db1.example.com:/mnt/data', '/mnt/data'],
    ['https://acct.blob.core.windows.net/keys', 'https://acct.blob.core.windows.net/data'],
    ['the answer to transit/backup/a, in plain text', 'the answer to transit/backup/b, in plain text'],
    ['the safe in Uppsala', 'the safe in Lund'],
    ['', ''],
    ['https://s3.amazonaws.com/', 'https://s3.amazonaws.com/cards'],
  ];
  for (const [a, b] of same) it(`are the same: ${a} and ${b}`, () => assert.ok(meet(a, b)));
  for (const [a, b] of different) it(`are not the same: ${a} and ${b}`, () => assert.ok(!meet(a, b)));

  it('are read from anything, in bounded time', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 500, unit: 'binary' }), (text) => {
        assert.ok(spotsOf(text).length <= 41);
        assert.deepEqual(spotsOf(text), spotsOf(text));
      }),
    );
    const begin = performance.now();
    for (const text of [
      'a.'.repeat(250),
      '/'.repeat(500),
      's3.'.repeat(160),
      'x@'.repeat(250),
      ':'.repeat(500),
    ])
      spotsOf(text);
    assert.ok(performance.now() - begin < 100);
  });

  it('are said by tags of the data', () => {
    const tags = [
      { key: 'Data_Store', value: 's3://a' },
      { key: 'data-location', value: 'b' },
      { key: 'team', value: 's3://c' },
    ];
    assert.deepEqual(dataPlaces(tags), ['s3://a', 'b']);
  });
});
