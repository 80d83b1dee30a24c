import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ClavigerError } from '#domain';
import { temporaryFolder } from '../home.fixture.ts';
import { parseDestinations, readDestinations } from './read-destinations.ts';

const webhook = { name: 'hook', kind: 'webhook', what: 'alerts', url: 'https://siem.example/in' };
const syslog = {
  name: 'log',
  kind: 'syslog',
  what: 'all',
  host: 'log.example',
  port: 6514,
  transport: 'tls',
};
const smtp = {
  name: 'mail',
  kind: 'smtp',
  what: ['alerts', 'findings'],
  host: 'mail.example',
  from: 'claviger@example.com',
  to: 'security@example.com',
};

const parse = (...all: object[]) => parseDestinations(JSON.stringify(all), 'FILE');

describe('the file of destinations', () => {
  it('says who is told of what, with what is usual filled in', () => {
    const [hook, log, mail] = parse(webhook, syslog, { ...smtp, what: 'all' });
    assert.deepEqual([...(hook?.topics ?? [])], ['alerts']);
    assert.deepEqual([...(log?.topics ?? [])], ['alerts', 'findings', 'audit']);
    assert.deepEqual([...(mail?.topics ?? [])], ['alerts', 'findings']);
    assert.ok(mail?.kind === 'smtp' && mail.port === 587 && mail.security === 'starttls');
    assert.ok(log?.kind === 'syslog' && log.facility === 13);
  });

  it('is refused with the name of what is wrong, and never its value', () => {
    const secret = 'sesame';
    const wrong: readonly (readonly [object[], RegExp])[] = [
      [[], /the file/],
      [[webhook, webhook], /hook: its name stands twice/],
      [[{ ...webhook, url: 'http://siem.example/in' }], /must be https/],
      [[{ ...webhook, url: 'ftp://127.0.0.1/' }], /must be https/],
      [[{ ...webhook, url: 'http://localhost.evil.example/' }], /must be https/],
      [[{ ...webhook, url: `https://user:${secret}@siem.example/` }], /no password/],
      [[{ ...webhook, url: secret }], /must be a URL/],
      [[{ ...webhook, secret }], /0: /],
      [[{ ...webhook, name: 'Hook!' }], /0\.name/],
      [[{ ...webhook, what: 'everything' }], /0\.what/],
      [[{ ...syslog, port: 0 }], /0\.port/],
      [[{ ...syslog, host: 'a b' }], /0\.host/],
      [[{ ...syslog, transport: 'quic' }], /0\.transport/],
      [[{ ...smtp, what: 'audit' }], /not the audit log/],
      [[{ ...smtp, user: 'x' }], /go together/],
      [[{ ...smtp, to: 'a@b.example\r\nBcc: c@d.example' }], /0\.to/],
      [[{ ...smtp, from: 'nobody' }], /0\.from/],
      [[{ ...webhook, kind: 'pigeon' }], /0\.kind/],
      [Array.from({ length: 17 }, (_, at) => ({ ...webhook, name: `hook-${at}` })), /the file/],
    ];
    for (const [all, message] of wrong) {
      assert.throws(
        () => parse(...all),
        (error: unknown) => {
          assert.ok(error instanceof ClavigerError && error.code === 'configuration-invalid');
          assert.match(error.message, message);
          assert.ok(!error.message.includes(secret), error.message);
          return true;
        },
      );
    }
    for (const url of ['http://127.0.0.1:8080/x', 'http://[::1]/x', 'http://localhost/x'])
      assert.equal(parse({ ...webhook, url }).length, 1);
  });

  it('is read or refused, whatever it holds', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        try {
          parseDestinations(text, 'FILE');
        } catch (error) {
          assert.ok(error instanceof ClavigerError && error.code === 'configuration-invalid');
        }
      }),
    );
  });

  it('must be its owner’s alone, and paths in it are beside it', async (test) => {
    const folder = temporaryFolder(test);
    const file = path.join(folder, 'notices.json');
    fs.writeFileSync(file, JSON.stringify([{ ...webhook, secretFile: 'secret', caFile: '/etc/ca.pem' }]), {
      mode: 0o644,
    });
    await assert.rejects(readDestinations(file), { code: 'configuration-invalid', message: /chmod 600/ });
    fs.chmodSync(file, 0o600);
    const [one] = await readDestinations(file);
    assert.ok(one?.kind === 'webhook');
    assert.deepEqual([one.secretFile, one.caFile], [path.join(folder, 'secret'), '/etc/ca.pem']);
    await assert.rejects(readDestinations(path.join(folder, 'none')), { code: 'configuration-invalid' });
  });
});
