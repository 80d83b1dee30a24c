import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { hasCode } from '#domain';
import { cloudTrailRecord } from '../../cloudtrail.ts';
import { event } from '../../fixtures.ts';
import type { UsageEvent } from '../normal/usage-event.ts';
import { canaryKeys, generateTraffic } from '../traffic/generate.ts';
import type { TrafficItem } from '../traffic/traffic-event.ts';
import { type Entry, entryCharsMax, EntrySplitter } from './entry-splitter.ts';
import { readEntry } from './read-entry.ts';
import { type JudgedAlert, replayTraffic } from './replay.ts';
import { cloudTrailRecords } from './samples.fixture.ts';

function split(text: string, cuts: readonly number[] = []): Entry[] {
  const splitter = new EntrySplitter();
  const places = [0, ...cuts.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b), text.length];
  const entries = places.slice(1).flatMap((end, at) => splitter.push(text.slice(places[at], end)));
  return [...entries, ...splitter.end()];
}

const invalid = (pattern: RegExp) => (error: unknown) => {
  assert.ok(hasCode(error, 'input-invalid'), String(error));
  assert.match(error.message, pattern);
  return true;
};

async function* bytesOf(...texts: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield typeof text === 'string' ? Buffer.from(text) : text;
}

const replayed = async (...texts: readonly (string | Uint8Array)[]) => {
  const alerts: JudgedAlert[] = [];
  const result = await replayTraffic(bytesOf(...texts), {
    stopwatch: () => 0,
    onAlert: (alert) => {
      alerts.push(alert);
    },
  });
  return { ...result, list: alerts };
};

describe('the splitter of a stream', () => {
  const objects = fc.array(
    fc.dictionary(
      fc.string(),
      fc.oneof(fc.string({ unit: 'binary' }), fc.nat(), fc.constant({ a: ['}', '"', '\\'] })),
    ),
    { maxLength: 8 },
  );

  it('gives back the objects of lines, wherever the chunks end', () => {
    fc.assert(
      fc.property(objects, fc.array(fc.nat()), fc.constantFrom('\n', '\r\n', '\n\n'), (values, cuts, end) => {
        const text = values.map((value) => JSON.stringify(value) + end).join('');
        assert.deepEqual(
          split(text, cuts).map((entry) => JSON.parse(entry.text)),
          values.map((value) => JSON.parse(JSON.stringify(value))),
        );
      }),
    );
  });

  it('gives back the members of Records, on one line or many, once or several times', () => {
    fc.assert(
      fc.property(objects, fc.array(fc.nat()), fc.constantFrom(0, 2), (values, cuts, indent) => {
        const text = JSON.stringify({ Records: values }, null, indent);
        const wanted = values.map((value) => JSON.parse(JSON.stringify(value)));
        for (const [whole, all] of [
          [text, wanted],
          [`${text}\n${text}`, [...wanted, ...wanted]],
          [` \n${text} \n`, wanted],
        ] as const)
          assert.deepEqual(
            split(whole, cuts).map((entry) => JSON.parse(entry.text)),
            all,
          );
      }),
    );
  });

  it('knows the lines', () => {
    assert.deepEqual(
      split('{"a":1}\n\n{"b":2}').map(({ line }) => line),
      [1, 3],
    );
    assert.deepEqual(
      split('{"Records":[\n{"a":1},\n\n{"b":\n2}\n]}\n{"c":3}').map(({ line }) => line),
      [2, 4, 7],
    );
  });

  it('refuses what is cut off, too long or no list of objects, with the line', () => {
    assert.throws(() => split('{"Records":[{"a":1}'), invalid(/^Line 1: the text ends in the middle/));
    assert.throws(() => split('\n{"Records":[{"a":'), invalid(/^Line 2: the text ends/));
    assert.throws(() => split('{"Records":[{"a":1} {"b":2}]}'), invalid(/no comma/));
    assert.throws(() => split('{"Records":[{"a":1},]}'), invalid(/no JSON object/));
    assert.throws(() => split('{"Records":[7]}'), invalid(/no JSON object/));
    assert.throws(() => split('{"Records":[],"x":1}'), invalid(/more than its end/));
    assert.throws(() => split(`\n${'x'.repeat(entryCharsMax + 1)}`), invalid(/^Line 2: it is longer/));
    const long = `{"Records":[{"a":"${'x'.repeat(entryCharsMax)}"}]}`;
    assert.throws(() => split(long), invalid(/a record is longer/));
  });

  it('takes any text without harm, and the same for all chunks', () => {
    const mess = fc.array(
      fc.constantFrom('{', '}', '"', '\\', '[', ']', ',', ':', 'Records', '{"Records":[', '\n', ' ', 'x'),
    );
    const outcome = (text: string, cuts: readonly number[]) => {
      try {
        return split(text, cuts);
      } catch (error) {
        assert.ok(hasCode(error, 'input-invalid'));
        return error.message;
      }
    };
    fc.assert(
      fc.property(mess, fc.array(fc.nat()), (parts, cuts) => {
        assert.deepEqual(outcome(parts.join(''), cuts), outcome(parts.join(''), []));
      }),
      { numRuns: 300 },
    );
  });
});

describe('the reader of an entry', () => {
  const read = (value: unknown, isWhole = false) =>
    readEntry({ line: 4, text: typeof value === 'string' ? value : JSON.stringify(value) }, isWhole);
  const usageOf = (value: unknown): UsageEvent => {
    const entry = read(value);
    assert.equal(entry.kind, 'event');
    return (entry as { event: UsageEvent }).event;
  };

  it('reads the records of CloudTrail', () => {
    const [role, session, service, own, foreign] = cloudTrailRecords;
    assert.deepEqual(usageOf(role), {
      at: Date.parse('2026-01-05T10:00:00Z'),
      principal: 'arn:aws:iam::111122223333:role/service/billing',
      family: 'arn:aws:iam::111122223333:role/service/billing',
      keyId: '1234abcd-12ab-34cd-56ef-1234567890ab',
      operation: 'process',
      refusal: null,
      keyVersion: null,
      network: '10.1.2.0/24',
      agent: 'aws-sdk-go-v2 go',
      contextShape: 'aws:s3:arn tenant',
      contextDigest: usageOf(role).contextDigest,
      environment: '111122223333',
      keyEnvironment: '111122223333',
      isInternal: false,
      reference: { log: 'line', index: 4 },
      isNumbered: false,
    });
    assert.match(usageOf(role).contextDigest ?? '', /^[0-9a-f]{64}$/);
    const denied = usageOf(session);
    assert.equal(denied.principal, 'arn:aws:iam::111122223333:role/path/waf-role');
    assert.deepEqual([denied.refusal, denied.keyId, denied.at % 1000], ['denied', null, 250]);
    const called = usageOf(service);
    assert.deepEqual(
      [called.principal, called.network],
      ['secretsmanager.amazonaws.com', 'secretsmanager.amazonaws.com'],
    );
    assert.deepEqual(
      [called.keyId, called.keyEnvironment],
      ['mrk-00000000000000000000000000000001', '444455556666'],
    );
    assert.equal(usageOf(own).isInternal, true);
    assert.equal(read(foreign).kind, 'foreign');
  });

  it('reads our own events the same from both of our exports', () => {
    const ours = event({
      contextDigest: 'ab'.repeat(32),
      operation: 'keys.decrypt',
      protocolOperation: 'Decrypt',
    });
    const record = cloudTrailRecord(ours, {
      accountId: '000000000000',
      region: 'us-east-1',
      eventName: 'Decrypt',
      errorCode: null,
    });
    const [plain, rendered] = [usageOf(ours), usageOf(record)];
    for (const name of [
      'keyId',
      'operation',
      'refusal',
      'keyVersion',
      'network',
      'contextDigest',
      'at',
    ] as const)
      assert.equal(rendered[name], plain[name], name);
  });

  it('reads an index and a label, and numbers only where the file is whole', () => {
    const label = { scenario: 'C1', incident: 'C1-1', isTwin: false };
    const numbered = read({ index: 7, event: event(), label }, true);
    assert.equal(numbered.kind, 'event');
    assert.deepEqual(numbered.kind === 'event' && numbered.label, label);
    assert.deepEqual(numbered.kind === 'event' && numbered.event.reference, { log: 'node-a', index: 7 });
    assert.equal(numbered.kind === 'event' && numbered.event.isNumbered, true);
    assert.equal(usageOf({ index: 7, event: event() }).isNumbered, false);
  });

  it('refuses what is none of them, with line and member', () => {
    const record = cloudTrailRecords[0];
    const cases: readonly [unknown, RegExp][] = [
      ['{', /^Line 4: it is not JSON\.$/],
      ['[]', /not a JSON object/],
      ['{"x":1}', /neither an event of Claviger nor/],
      [{ ...event(), extra: 1 }, /"extra" is not a member/],
      [{ ...event(), at: 1.5 }, /at is not a whole number/],
      [{ ...event(), at: 9e15 }, /at is no time/],
      [{ ...event(), outcome: 'fine' }, /outcome is none of/],
      [{ ...event(), reason: 'bad-luck' }, /reason is no error code/],
      [{ ...event(), principal: 'x'.repeat(5_000) }, /principal has more than 4096/],
      [{ ...event(), keyId: undefined, principal: undefined }, /principal is not a string/],
      [{ index: -1, event: event() }, /index is not a whole number/],
      [{ index: 1, event: event(), label: { scenario: 'C1' } }, /label\.incident is not a string/],
      [{ index: 1, event: { ...event(), node: 7 } }, /event\.node is not a string/],
      [{ ...record, eventTime: 'yesterday' }, /eventTime is no time/],
      [{ ...record, eventTime: '2026-13-45T99:00:00Z' }, /eventTime is no time/],
      [{ ...record, userIdentity: null }, /userIdentity is not there/],
      [{ ...record, eventName: 7 }, /eventName is not a string/],
      [{ ...record, resources: 'x' }, /resources is not a list/],
      [{ expected: { principal: 'a', operations: ['fly'] } }, /unknown class "fly"/],
      [
        { expected: { principal: 'a', operations: null, keyId: null, from: 0, until: 1 } },
        /ticket is not a string/,
      ],
      [{ traffic: { isWhole: 'yes', isLabelled: true, canaryKeys: [] } }, /isWhole is neither/],
      [{ traffic: { isWhole: true, canaryKeys: [] } }, /isLabelled is neither/],
      [
        { traffic: { isWhole: true, isLabelled: true, canaryKeys: Array.from({ length: 1001 }, () => 'k') } },
        /at most 1000/,
      ],
    ];
    for (const [value, pattern] of cases) assert.throws(() => read(value), invalid(pattern));
  });

  it('takes any JSON without harm', () => {
    const names = fc.constantFrom(
      'eventSource',
      'eventName',
      'userIdentity',
      'resources',
      'event',
      'index',
      'expected',
      'traffic',
      'operation',
      '__proto__',
      'at',
    );
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom(null, true, 1, -1, 'kms.amazonaws.com', '2026-01-05T10:00:00Z', ''),
        fc.array(tie('any'), { maxLength: 3 }),
        fc.dictionary(names, tie('any'), { maxKeys: 6 }),
      ),
    })).any;
    fc.assert(
      fc.property(
        fc.dictionary(names, value, { maxKeys: 6 }),
        fc.constantFrom(...cloudTrailRecords, event()),
        (mess, base) => {
          for (const entry of [mess, { ...base, ...mess }]) {
            try {
              read(entry);
            } catch (error) {
              assert.ok(hasCode(error, 'input-invalid'), String(error));
            }
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('a replay', () => {
  const asLine = (item: TrafficItem): string => {
    if (item.kind === 'expected') return JSON.stringify({ expected: item.change });
    const { index, event: logged, label } = item;
    return JSON.stringify(label ? { index, event: logged, label } : { index, event: logged });
  };
  const traffic = [
    JSON.stringify({ traffic: { isWhole: true, isLabelled: true, canaryKeys } }),
    ...generateTraffic({
      seed: 3,
      keys: 10,
      days: 30,
      quietDays: 18,
      incidents: 1,
      scenarios: ['U3', 'G1', 'S4'],
    }).map(asLine),
  ].join('\n');

  it('finds what is labelled, and tells how', async () => {
    const { measured, counts, alertCount, list } = await replayed(traffic);
    assert.equal(measured?.recall, 1);
    assert.deepEqual(
      measured.scenarios.map(({ scenario }) => scenario),
      ['G1', 'S4', 'U3'],
    );
    for (const { foundAtFirstEvent, secondsToAlertMax, falseAlertsOnTwins } of measured.scenarios)
      assert.deepEqual([foundAtFirstEvent, secondsToAlertMax, falseAlertsOnTwins], [1, 0, 0]);
    assert.equal(alertCount, list.length);
    assert.equal(counts.late, 0);
    assert.deepEqual([...new Set(list.map(({ isRight }) => isRight))], [true]);
    assert.deepEqual(measured.perIncident.map(({ incident }) => incident).sort(), ['G1-1', 'S4-1', 'U3-1']);
  });

  it('counts alerts outside of incidents, of twins too, as false ones', async () => {
    const swapped = traffic.replaceAll('"isTwin":false', '"isTwin":true');
    const { measured, list } = await replayed(swapped);
    assert.equal(measured?.recall, null);
    assert.equal(measured.falseAlerts, list.length);
    assert.ok(list.length > 0 && list.every(({ isRight }) => isRight === false));
    assert.equal(measured.precision, 0);
  });

  it('has no figures for a file without labels', async () => {
    const { measured, counts } = await replayed(JSON.stringify({ Records: cloudTrailRecords }));
    assert.equal(measured, null);
    assert.deepEqual([counts.events, counts.foreign], [4, 1]);
  });

  it('reads bytes that are cut anywhere, also within a character', async () => {
    const bytes = Buffer.from(JSON.stringify(event({ principal: 'Ärzte-\u{1F511}' })));
    const single = Array.from(bytes, (byte) => Uint8Array.of(byte));
    assert.equal((await replayed(...single)).counts.events, 1);
    assert.equal((await replayed()).counts.events, 0);
  });

  it('says what is wrong with a file', async () => {
    const good = JSON.stringify(event());
    await assert.rejects(replayed(`${good}\n${good}\n{"at":1}\n`), invalid(/^Line 3: it is neither/));
    await assert.rejects(replayed(good, Uint8Array.of(0x0a, 0xff, 0xfe)), invalid(/not UTF-8/));
    await assert.rejects(replayed(Uint8Array.of(0x1f, 0x8b, 8)), invalid(/compressed.*gzip -dc/));
    await assert.rejects(replayed(good.slice(0, -2)), invalid(/^Line 1: it is not JSON/));
  });
});
