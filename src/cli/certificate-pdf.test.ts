import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { CertificateRecord } from '#sdk';
import { certificatePdf } from './certificate-pdf.ts';

const at = '2026-11-26T03:00:00.000Z';

function record(versions: number): CertificateRecord {
  const many = Array.from({ length: versions }, (_, index) => index + 1);
  return {
    certificate: {
      format: 'claviger-destruction-certificate/1',
      id: 'c-1',
      issuedAt: at,
      issuedBy: { node: 'one', software: 'claviger 0.1.0' },
      status: 'pending',
      key: {
        id: 'k-1',
        environment: 'production',
        region: 'default',
        names: [],
        spec: 'AES_256',
        usage: 'encrypt',
        owner: 'Владелец (owner)',
        description: '',
        dataClassification: '',
        origin: 'generated',
        tier: 'served',
        createdAt: at,
        createdBy: 'ada',
      },
      versions: many.map((number) => ({
        number,
        fingerprint: 'ab'.repeat(32),
        device: null,
        createdAt: at,
        activatedAt: null,
        protectUntil: null,
        processUntil: null,
        history: [{ state: 'destroyed', at, cause: 'destruction-due' }],
      })),
      request: {
        id: 'r',
        requestedBy: { id: 'p', name: null },
        reason: null,
        requestedAt: at,
        dueAt: at,
        waitingDays: 7,
      },
      execution: { at, node: 'one', eventId: 'e', method: 'Purge', tool: 'claviger 0.1.0' },
      verification: many.map((version) => ({ node: 'one', version, at, method: 'tried', opens: false })),
      lastUse: null,
      demand: [],
      copies: [{ kind: 'escrow', madeAt: at, place: 'the safe', holder: 'ada', status: 'live' }],
      log: {
        origin: 'claviger/one',
        index: 1,
        entry: 'AA==',
        proof: [],
        checkpoint: 'claviger/one\n2\nAA==\n\n',
      },
      operator: null,
      verifier: null,
      limits: ['nothing is for ever'],
    },
    signatures: [{ kind: 'ed25519', publicKey: 'AA==', signature: 'AA==' }],
  };
}

const pages = (pdf: Buffer) => pdf.toString('latin1').match(/\/Type \/Page\b/g)?.length ?? 0;

it('a certificate as a document is the same bytes each time, and grows page by page', async () => {
  const [one, again] = [await certificatePdf(record(1)), await certificatePdf(record(1))];
  assert.ok(one.equals(again));
  assert.equal(one.subarray(0, 5).toString(), '%PDF-');
  assert.match(one.toString('latin1'), /certificate-c-1\.json/);
  assert.ok(pages(one) <= 2, `${pages(one)} pages`);
  const long = pages(await certificatePdf(record(200)));
  assert.ok(long > 10 && long < 40, `${long} pages`);
});
