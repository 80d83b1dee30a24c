import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { describe, it } from 'node:test';
import { ClavigerError } from '#domain';
import { parseAddress } from './address.ts';
import { openShredStore, openStore } from './index.ts';

describe('addresses', () => {
  it('reads files and servers', () => {
    assert.deepEqual(parseAddress('sqlite:/var/lib/store.db'), { kind: 'sqlite', file: '/var/lib/store.db' });
    assert.deepEqual(parseAddress('sqlite:///var/lib/store.db'), {
      kind: 'sqlite',
      file: '/var/lib/store.db',
    });
    assert.deepEqual(parseAddress('sqlite:a/b.db'), { kind: 'sqlite', file: resolve('a/b.db') });
    assert.deepEqual(parseAddress('sqlite:/odd ?#%20.db'), { kind: 'sqlite', file: '/odd ?#%20.db' });
    for (const url of ['postgres://u:p@h:5432/d?sslmode=require', 'postgresql:///d?host=/run']) {
      assert.deepEqual(parseAddress(url), { kind: 'postgres', url });
    }
  });

  it('refuses everything else, without repeating it', async () => {
    const refused = [
      '',
      'store.db',
      'sqlite',
      'sqlite:',
      'sqlite::memory:',
      'sqlite://host/file',
      'sqlite:a\0b',
      'mysql://root:hunter2@h/d',
      'postgres:hunter2',
      'postgres://u:hunter2@h:port/d',
      'http://hunter2@h',
      'SQLITE:/a',
    ];
    for (const url of refused) {
      for (const open of [openStore, openShredStore]) {
        await assert.rejects(open(url), (error) => {
          assert.ok(error instanceof ClavigerError);
          assert.equal(error.code, 'configuration-invalid', url);
          assert.ok(!`${error.message}${JSON.stringify(error.details)}`.includes('hunter2'));
          return true;
        });
      }
    }
  });

  it('keeps the password of a server that is not there to itself', async () => {
    await assert.rejects(openStore('postgres://user:hunter2@127.0.0.1:1/none'), (error) => {
      assert.ok(error instanceof ClavigerError);
      assert.equal(error.code, 'store-unavailable');
      for (let inner: unknown = error; inner instanceof Error; inner = inner.cause) {
        assert.ok(!`${inner.stack}`.includes('hunter2'));
      }
      return true;
    });
  });
});
