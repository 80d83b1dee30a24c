import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { hasCode } from '#domain';
import { absentOf, recordDigest, type CeremonyRecord } from './transcript.ts';
import { readTranscript } from './verify-transcript.ts';

const record: CeremonyRecord = {
  id: '00000000-0000-4000-8000-000000000000',
  environment: 'production',
  kind: 'new-shares',
  script: 'ab'.repeat(32),
  place: 'room 7',
  began: '2026-06-01T10:00:00.000Z',
  ended: '2026-06-01T11:00:00.000Z',
  attendees: [
    { role: 'leader', principal: { id: '1', name: 'lea' } },
    { role: 'operator', principal: { id: '1', name: 'lea' } },
    { role: 'witness', principal: { id: '2', name: 'wim' } },
  ],
  steps: [{ step: 1, role: 'leader', at: '2026-06-01T10:00:00.000Z', note: null }],
  artefacts: [],
  deviations: [],
  recordedBy: 'ada',
  recordedAt: '2026-06-01T12:00:00.000Z',
};

describe('what those who were there agree to', () => {
  it('is the record, whatever the order of its members', () => {
    const turned = Object.fromEntries(Object.entries(record).toReversed()) as CeremonyRecord;
    assert.equal(recordDigest(turned), recordDigest(record));
    assert.notEqual(recordDigest({ ...record, place: 'room 8' }), recordDigest(record));
  });

  it('is stated once by each person, whatever duties they had', () => {
    assert.deepEqual(absentOf(record, []), ['lea', 'wim']);
    assert.deepEqual(absentOf(record, [{ principal: { id: '1', name: 'lea' } }]), ['wim']);
    assert.deepEqual(absentOf(record, [{ principal: { id: '9', name: 'lea' } }]), ['lea', 'wim']);
  });
});

const signed = {
  transcript: {
    format: 'claviger-ceremony-transcript/1',
    issuedAt: record.recordedAt,
    issuedBy: { node: 'a', software: 'b' },
    status: 'pending',
    record,
    digest: recordDigest(record),
    attendances: [],
  },
  signatures: [
    { kind: 'ed25519', publicKey: 'AAAA', signature: 'AAAA' },
    { kind: 'mlDsa44', publicKey: 'AAAA', signature: 'AAAA' },
  ],
};

const bytesOf = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

describe('a transcript of a stranger', () => {
  it('is read as it was written', () => {
    assert.deepEqual(readTranscript(bytesOf(signed)), signed);
  });

  it('is refused where it is anything else, and never read in two ways', () => {
    const { transcript } = signed;
    const wrong: readonly unknown[] = [
      {},
      [],
      { ...signed, more: 1 },
      { ...signed, signatures: signed.signatures.slice(1) },
      { ...signed, transcript: { ...transcript, more: 1 } },
      { ...signed, transcript: { ...transcript, format: 'claviger-ceremony-transcript/2' } },
      { ...signed, transcript: { ...transcript, record: { ...record, began: 'yesterday' } } },
      { ...signed, transcript: { ...transcript, record: { ...record, attendees: [{ role: 'king' }] } } },
      { ...signed, transcript: { ...transcript, digest: 'x' } },
    ];
    for (const value of wrong)
      assert.throws(() => readTranscript(bytesOf(value)), { code: 'input-invalid' }, JSON.stringify(value));
    const twice = JSON.stringify(signed).replace('"status":', '"status":"complete","status":');
    assert.throws(() => readTranscript(Buffer.from(twice)), { code: 'input-invalid' });
    assert.throws(() => readTranscript(Buffer.alloc(5 * 2 ** 20, 0x20)), { code: 'input-invalid' });
  });

  it('is refused with one code, whatever bytes it is', () => {
    const text = JSON.stringify(signed);
    const damaged = fc
      .tuple(fc.nat(text.length - 1), fc.string({ maxLength: 4 }))
      .map(([at, piece]) => Buffer.from(text.slice(0, at) + piece + text.slice(at + piece.length + 1)));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), damaged), (bytes) => {
        try {
          readTranscript(bytes);
        } catch (error) {
          assert.ok(hasCode(error, 'input-invalid'));
        }
      }),
    );
  });
});
