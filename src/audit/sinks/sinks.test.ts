import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { event } from '../fixtures.ts';
import {
  auditCloudEvent,
  auditMessage,
  type Notice,
  noticeEvent,
  noticeKinds,
  noticeMail,
  noticeMessage,
  noticeSeverities,
  octetCounted,
  ocsfOfEvent,
  ocsfOfNotice,
  oneLine,
  syslogBytes,
} from '../index.ts';

const ways = { facility: 13, enterprise: 32_473, bytesMax: 8192 };

function notice(change: Partial<Notice> = {}): Notice {
  return {
    id: 'n-1',
    at: 1_800_000_000_000,
    kind: 'alert',
    severity: 'high',
    environment: 'production',
    title: 'a sweep',
    text: 'Look at it.',
    data: { score: 0.9 },
    ...change,
  };
}

/** An independent reader of RFC 5424, as strict as its grammar. */
function readSyslog(bytes: Buffer) {
  const text = bytes.toString('utf8');
  const match =
    /^<(\d{1,3})>1 (\S+) ([\x21-\x7e]{1,255}) ([\x21-\x7e]{1,48}) ([\x21-\x7e]{1,128}) ([\x21-\x7e]{1,32}) \[([^ =\]"]+)((?: [^ =\]"]{1,32}="(?:[^"\\\]]|\\["\\\]])*")*)\] \ufeff([^]*)$/.exec(
      text,
    );
  assert.ok(match, `not a message of RFC 5424: ${JSON.stringify(text)}`);
  const parameters = [...(match[8] ?? '').matchAll(/ ([^ =]+)="((?:[^"\\\]]|\\["\\\]])*)"/g)].map(
    ([, name, value]) => [name, value?.replace(/\\(["\\\]])/g, '$1')] as const,
  );
  return { priority: Number(match[1]), messageId: match[6], parameters, text: match[9] ?? '' };
}

describe('syslog', () => {
  it('writes what an independent reader of RFC 5424 reads, whatever strangers say', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (principal, agent) => {
        const told = event({ principal, sourceAddress: agent });
        const read = readSyslog(syslogBytes(auditMessage(told, 7, agent), ways));
        const values = new Map(read.parameters);
        assert.equal(values.get('principal'), oneLine(principal, 1024));
        assert.equal(values.get('index'), '7');
        assert.ok(!/\p{Cc}/u.test(read.text));
      }),
    );
  });

  it('says how grave it is, and what it is', () => {
    assert.equal(readSyslog(syslogBytes(noticeMessage(notice(), 'h'), ways)).priority, 13 * 8 + 3);
    const refused = event({ outcome: 'refused', reason: 'access-denied' });
    const read = readSyslog(syslogBytes(auditMessage(refused, 1, '-'), ways));
    assert.deepEqual([read.priority, read.messageId], [13 * 8 + 5, 'audit']);
    assert.deepEqual(new Map(read.parameters).get('reason'), 'access-denied');
  });

  it('has no more bytes than it may, and cuts no character', () => {
    const long = notice({ text: 'ä€😀'.repeat(3000) });
    for (let bytesMax = 2040; bytesMax < 2060; bytesMax += 1) {
      const bytes = syslogBytes(noticeMessage(long, 'h'), { ...ways, bytesMax });
      assert.ok(bytes.length <= bytesMax && bytes.length > bytesMax - 4);
      assert.ok(!readSyslog(bytes).text.includes('\ufffd'));
    }
  });

  it('counts the octets of a message in a stream', () => {
    assert.equal(octetCounted(Buffer.from('äb')).toString(), '3 äb');
  });
});

describe('OCSF', () => {
  type Ocsf = Record<string, unknown> & { class_uid: number; activity_id: number; category_uid: number };
  const categories: Readonly<Record<number, number>> = { 3004: 3, 6003: 6, 2003: 2, 2004: 2 };

  function requireWhole(rendered: object): Ocsf {
    const told = rendered as Ocsf;
    assert.equal(told['type_uid'], told.class_uid * 100 + told.activity_id);
    assert.equal(told.category_uid, categories[told.class_uid]);
    assert.ok([1, 2, 3, 4].includes(told.activity_id));
    assert.ok(Number.isInteger(told['time']) && Number.isInteger(told['severity_id']));
    const metadata = told['metadata'] as { version: string; product: { name: string }; uid: string };
    assert.match(metadata.version, /^1\.\d+\.\d+$/);
    assert.ok(metadata.product.name && metadata.uid);
    return told;
  }

  const operations: readonly [string, number, number][] = [
    ['keys.create', 3004, 1],
    ['keys.disable', 3004, 3],
    ['keys.rotate-due', 3004, 3],
    ['keys.schedule-destruction', 3004, 4],
    ['keys.destroy', 3004, 4],
    ['keys.import-material', 3004, 1],
    ['keys.report-compromise', 3004, 3],
    ['keys.encrypt', 6003, 2],
    ['keys.decrypt', 6003, 2],
    ['keys.generate-data-key', 6003, 2],
    ['keys.describe', 6003, 2],
    ['principals.create', 6003, 1],
    ['policies.write', 6003, 3],
    ['credentials.delete', 6003, 4],
    ['secrets.read', 6003, 2],
  ];

  it('has the class and the activity of each kind of operation, and what the class requires', () => {
    for (const [operation, of, activity] of operations) {
      const told = requireWhole(ocsfOfEvent(event({ operation }), 3, { version: '1.2.3' }));
      assert.deepEqual([told.class_uid, told.activity_id], [of, activity], operation);
      if (of === 3004) assert.ok((told['entity'] as { uid: string }).uid);
      else assert.ok(told['api'] && told['actor'] && told['src_endpoint']);
    }
  });

  it('tells refusals, and who asked from where', () => {
    const told = requireWhole(
      ocsfOfEvent(event({ outcome: 'refused', reason: 'access-denied' }), 3, { version: '1' }),
    );
    assert.deepEqual([told['status_id'], told['severity_id'], told['status_code']], [2, 2, 'access-denied']);
    assert.deepEqual(told['src_endpoint'], { ip: '127.0.0.1' });
    const own = ocsfOfEvent(event({ protocol: 'internal', sourceAddress: '-' }), 3, { version: '1' });
    assert.deepEqual((own as Ocsf)['src_endpoint'], { svc_name: 'claviger', name: 'node-a' });
  });

  it('makes Detection Findings of alerts and Compliance Findings of findings', () => {
    for (const kind of noticeKinds) {
      for (const severity of noticeSeverities) {
        const told = requireWhole(ocsfOfNotice(notice({ kind, severity }), { version: '1' }));
        assert.equal(told.class_uid, kind === 'finding' ? 2003 : 2004);
        assert.ok((told['finding_info'] as { uid: string }).uid);
        if (kind === 'finding')
          assert.ok((told['compliance'] as { standards: string[] }).standards.length > 0);
      }
    }
  });
});

describe('CloudEvents', () => {
  it('has what CloudEvents 1.0 requires, and is the same at each try', () => {
    for (const told of [
      noticeEvent(notice(), 'urn:claviger:x'),
      auditCloudEvent(event(), 5, 'urn:claviger:x'),
    ]) {
      assert.equal(told.specversion, '1.0');
      assert.ok(told.id.length > 0 && told.source.length > 0 && told.type.length > 0);
      assert.equal(new Date(told.time).toISOString(), told.time);
    }
    assert.equal(auditCloudEvent(event(), 5, 's').id, 'node-a/5');
    assert.equal(noticeEvent(notice(), 's').type, 'claviger.anomaly.alert');
  });
});

describe('a mail', () => {
  it('has one line of subject, whatever strangers say', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (title) => {
        const { subject, text } = noticeMail(notice({ title, text: title }));
        assert.ok(!/\p{Cc}/u.test(subject) && subject.length <= 200 && subject.isWellFormed());
        assert.ok(!/[\p{Cc}--[\n]]/v.test(text));
      }),
    );
  });
});
