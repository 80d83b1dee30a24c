import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { SMTPServer } from 'smtp-server';
import type { LoggedEvent, Notice } from '#audit';
import { houseEvent } from '../house-event.ts';
import { temporaryFolder } from '../home.fixture.ts';
import { createOutside } from '../outside.ts';
import type { Destination } from './destination.ts';
import { openDestinations } from './open-destinations.ts';
import { parseDestinations } from './read-destinations.ts';
import { datagramReceiver, httpReceiver, type Manner, streamReceiver } from './receivers.fixture.ts';

const now = 1_800_000_000_000;
const speaker = { source: 'urn:uuid:1', version: '1.2.3', host: 'one' };

const notice: Notice = {
  id: 'alert-1',
  at: now,
  kind: 'alert',
  severity: 'critical',
  environment: 'production',
  title: 'billing on key 7: canary',
  text: 'Look at it.\nNow.',
  data: { score: 0.99 },
};

function events(count: number): LoggedEvent[] {
  return Array.from({ length: count }, (_, index) => ({
    index,
    event: houseEvent({ at: now + index, node: 'one', environment: 'default', operation: 'keys.rotate-due' }),
  }));
}

async function opened(wish: object): Promise<Destination> {
  const wanted = parseDestinations(JSON.stringify([{ name: 'out', what: 'all', ...wish }]), 'FILE');
  const outside = createOutside({ millis: 400 });
  const [one] = await openDestinations(wanted, { speaker, now: () => now, outside, millis: 400 });
  assert.ok(one);
  return one;
}

describe('a webhook', () => {
  it('posts a CloudEvent, signed over its id, its time and its body', async (test) => {
    const receiver = await httpReceiver(test);
    const secret = 'a secret of more than 16 bytes';
    const folder = temporaryFolder(test);
    const secretFile = path.join(folder, 'secret');
    fs.writeFileSync(secretFile, `${secret}\n`, { mode: 0o600 });
    const hook = await opened({ kind: 'webhook', url: receiver.url, secretFile });
    await hook.sendNotice(notice);
    const [{ headers, body } = assert.fail('nothing came')] = receiver.received;
    assert.match(headers['content-type'] ?? '', /^application\/cloudevents\+json/);
    const told = JSON.parse(body) as Record<string, unknown>;
    assert.deepEqual(
      [told['specversion'], told['id'], told['type'], told['source']],
      ['1.0', 'alert-1', 'claviger.anomaly.alert', 'urn:uuid:1'],
    );
    assert.deepEqual([headers['webhook-id'], headers['webhook-timestamp']], ['alert-1', '1800000000']);
    const mac = createHmac('sha256', secret).update(`alert-1.1800000000.${body}`).digest('base64');
    assert.equal(headers['webhook-signature'], `v1,${mac}`);

    const encoded = `whsec_${Buffer.from(secret).toString('base64')}`;
    fs.writeFileSync(secretFile, encoded);
    await (await opened({ kind: 'webhook', url: receiver.url, secretFile })).sendNotice(notice);
    assert.equal(receiver.received[1]?.headers['webhook-signature'], `v1,${mac}`);
    fs.writeFileSync(secretFile, 'short');
    await assert.rejects(opened({ kind: 'webhook', url: receiver.url, secretFile }), /shorter than 16/);
    fs.chmodSync(secretFile, 0o644);
    await assert.rejects(opened({ kind: 'webhook', url: receiver.url, secretFile }), /chmod 600/);
  });

  it('posts events of the log as a batch, or in the words of OCSF', async (test) => {
    const receiver = await httpReceiver(test);
    await (await opened({ kind: 'webhook', url: receiver.url })).sendEvents?.(events(3));
    const ocsf = await opened({ kind: 'webhook', url: receiver.url, format: 'ocsf' });
    await ocsf.sendEvents?.(events(2));
    await ocsf.sendNotice(notice);
    const [batch, words, finding] = receiver.received.map(({ body }) => JSON.parse(body) as never);
    assert.deepEqual(
      (batch as unknown as { id: string }[]).map(({ id }) => id),
      ['one/0', 'one/1', 'one/2'],
    );
    assert.deepEqual(
      (words as unknown as { type_uid: number }[]).map((one) => one.type_uid),
      [600_303, 600_303],
    );
    assert.equal((finding as unknown as { class_uid: number }).class_uid, 2004);
    assert.match(receiver.received[0]?.headers['content-type'] ?? '', /cloudevents-batch/);
    assert.equal(receiver.received[0]?.headers['webhook-signature'], undefined);
  });

  it('fails where the receiver hangs, breaks, answers garbage, errors or redirects, and follows nothing', async (test) => {
    const receiver = await httpReceiver(test);
    const hook = await opened({ kind: 'webhook', url: receiver.url });
    const manners: readonly Manner[] = ['hang', 'cut', 'garbage', 500, 404, 302, 307];
    for (const manner of manners) {
      receiver.manner = manner;
      await assert.rejects(hook.sendNotice(notice), Error, String(manner));
    }
    assert.equal(receiver.received.length, manners.length);
    receiver.manner = 200;
    await hook.sendNotice(notice);
  });
});

describe('syslog', () => {
  it('sends messages of RFC 5424 over TCP, with counted octets, and waits until they were read', async (test) => {
    const receiver = await streamReceiver(test);
    const log = await opened({ kind: 'syslog', host: '127.0.0.1', port: receiver.port, transport: 'tcp' });
    await log.sendEvents?.(events(600));
    await log.sendNotice(notice);
    const messages = receiver.messages();
    assert.equal(messages.length, 601);
    assert.match(
      messages[0] ?? '',
      /^<110>1 2027-01-15T08:00:00\.000Z one claviger - audit \[claviger@32473 /,
    );
    assert.match(messages[600] ?? '', /^<106>1 .* alert .*title="billing on key 7: canary"/);
    const event = JSON.parse((messages[5] ?? '').split('\ufeff')[1] ?? '') as { operation: string };
    assert.equal(event.operation, 'keys.rotate-due');
  });

  it('sends them as datagrams of bounded size, and sees where nothing listens', async (test) => {
    const receiver = await datagramReceiver(test);
    const log = await opened({
      kind: 'syslog',
      host: '127.0.0.1',
      port: receiver.port,
      transport: 'udp',
      format: 'ocsf',
    });
    const came = receiver.next();
    await log.sendNotice({ ...notice, text: 'ä'.repeat(3000) });
    const message = await came;
    assert.ok(Buffer.byteLength(message) <= 2048 && message.includes('"class_uid":2004'));
    const nobody = await opened({ kind: 'syslog', host: '127.0.0.1', port: 9, transport: 'udp' });
    await assert.rejects(nobody.sendEvents?.(events(2)) ?? Promise.resolve(), /ECONNREFUSED/);
  });

  it('fails where the receiver takes the connection and does not read', async (test) => {
    const { port } = await streamReceiver(test, true);
    const log = await opened({ kind: 'syslog', host: '127.0.0.1', port, transport: 'tcp' });
    await assert.rejects(log.sendNotice(notice), /in time/);
  });

  it('fails where nothing listens, and where TLS is spoken to who does not', async (test) => {
    const closed = await opened({ kind: 'syslog', host: '127.0.0.1', port: 9, transport: 'tcp' });
    await assert.rejects(closed.sendNotice(notice), /ECONNREFUSED/);
    const plain = net.createServer((socket) => {
      socket.on('error', () => undefined);
      socket.end('hello\n');
    });
    await new Promise<void>((done) => plain.listen(0, '127.0.0.1', done));
    test.after(() => plain.close());
    const { port } = plain.address() as net.AddressInfo;
    const secure = await opened({ kind: 'syslog', host: '127.0.0.1', port, transport: 'tls' });
    await assert.rejects(secure.sendNotice(notice));
  });
});

type Mail = { readonly from: string; readonly to: readonly string[]; readonly text: string };

/** A server of SMTP that keeps what it is handed; it offers STARTTLS with a certificate that nobody trusts. */
async function mailServer(test: TestContext, options: { starttls: boolean; refuses?: boolean }) {
  const mails: Mail[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: options.starttls ? ['AUTH'] : ['AUTH', 'STARTTLS'],
    onData(stream, session, done) {
      const parts: Buffer[] = [];
      stream.on('data', (part: Buffer) => parts.push(part));
      stream.on('end', () => {
        if (options.refuses) return done(new Error('mailbox full'));
        const { mailFrom, rcptTo } = session.envelope;
        const from = mailFrom === false ? '' : mailFrom.address;
        mails.push({ from, to: rcptTo.map(({ address }) => address), text: Buffer.concat(parts).toString() });
        done();
      });
    },
  });
  server.on('error', () => undefined);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  test.after(() => new Promise<void>((done) => server.close(() => done())));
  const { port } = server.server.address() as net.AddressInfo;
  return { port, mails };
}

const mailing = {
  kind: 'smtp',
  what: 'all',
  from: 'claviger@example.com',
  to: ['a@example.com', 'b@example.com'],
};

describe('mail', () => {
  it('is handed to a server on this machine, to all, under the same id each time', async (test) => {
    const { port, mails } = await mailServer(test, { starttls: false });
    const mail = await opened({ ...mailing, host: '127.0.0.1', port });
    assert.equal(mail.sendEvents, undefined);
    await mail.sendNotice({ ...notice, title: 'a line\r\nBcc: evil@example.com' });
    await mail.sendNotice(notice);
    const [first, second] = mails;
    assert.ok(first && second);
    assert.deepEqual([first.from, first.to], ['claviger@example.com', ['a@example.com', 'b@example.com']]);
    assert.ok(!/^Bcc:/m.test(first.text));
    assert.match(
      second.text,
      /^Subject: \[Claviger\] critical alert in production: billing on key 7: canary\r$/m,
    );
    assert.match(second.text, /Look at it\.\r\nNow\./);
    const idOf = (text: string) => /^Message-ID: (.*)\r$/m.exec(text)?.[1];
    assert.equal(idOf(first.text), idOf(second.text));
  });

  it('is not handed to one whose certificate nobody vouches for, nor taken for sent where it is refused', async (test) => {
    const secure = await mailServer(test, { starttls: true });
    const mail = await opened({ ...mailing, host: '127.0.0.1', port: secure.port });
    await assert.rejects(mail.sendNotice(notice));
    assert.deepEqual(secure.mails, []);
    const full = await mailServer(test, { starttls: false, refuses: true });
    await assert.rejects(
      (await opened({ ...mailing, host: '127.0.0.1', port: full.port })).sendNotice(notice),
      /mailbox full/,
    );
  });

  it('is not sent in clear to another machine', async (test) => {
    const { port, mails } = await mailServer(test, { starttls: false });
    // 0.0.0.0 is this machine by a name that is not known to be
    const mail = await opened({ ...mailing, host: '0.0.0.0', port });
    await assert.rejects(mail.sendNotice(notice), /TLS/i);
    assert.deepEqual(mails, []);
  });
});
