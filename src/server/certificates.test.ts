import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import type { SignedCertificate } from '#audit';
import { operations, type Operation } from '#operations';
import { verifyCertificate } from './certificates.ts';
import { recordingLogger, temporaryFolder } from './home.fixture.ts';
import { administrator, startNode } from './node.fixture.ts';

const dayMillis = 86_400_000;

/** A key that was used, destroyed and verified, on a node with real files. */
async function destroyedKey(test: TestContext) {
  const home = temporaryFolder(test);
  let now = Date.parse('2026-06-01T00:00:00Z');
  const { logger } = recordingLogger();
  const node = await startNode(test, home, { name: 'one', clock: { now: () => now }, logger });
  const admin = await administrator(node, home);
  const run = <I, O>(operation: Operation<I, O>, input: I): Promise<O> =>
    node.door.run(operation, { ...admin, requestId: node.newRequestId() }, input);
  const { id } = await run(operations.createKey, {
    spec: 'AES_256',
    usage: 'encrypt',
    description: 'what it was for',
    tags: [],
    owner: null,
    policy: null,
    bypassLockoutCheck: false,
    name: 'doomed',
    dataClassification: 'confidential',
  });
  const key = { kind: 'id', id } as const;
  const plain = {
    plaintext: Buffer.from('x'),
    context: null,
    algorithm: null,
    version: null,
    dryRun: false,
  };
  await run(operations.encrypt, { key, ...plain });
  await run(operations.scheduleDestruction, { key, waitingDays: 7, reason: 'its time is over' });
  await assert.rejects(run(operations.encrypt, { key, ...plain }), { code: 'key-destruction-scheduled' });
  const certify = (persons: { operator?: string; verifier?: string } = {}) =>
    run(operations.certifyDestruction, { key, ...persons });
  return {
    node,
    id,
    certify,
    async destroy() {
      now += 7 * dayMillis;
      await node.maintenance.tick();
      await node.maintenance.tick();
    },
  };
}

/** Every place of a JSON value, with a value that is another one. */
function* changes(value: unknown, trail: readonly (string | number)[] = []): Generator<(string | number)[]> {
  if (typeof value !== 'object' || value === null) {
    yield [...trail];
    return;
  }
  for (const [name, entry] of Object.entries(value))
    yield* changes(entry, [...trail, Array.isArray(value) ? Number(name) : name]);
}

function changed(value: SignedCertificate, trail: readonly (string | number)[]): string {
  const copy = structuredClone(value) as never;
  const last = trail.at(-1) as string;
  const parent = trail.slice(0, -1).reduce<Record<string, never>>((at, name) => at[name] as never, copy);
  const before: unknown = parent[last];
  parent[last] = other(before) as never;
  return JSON.stringify(copy);
}

function other(value: unknown): unknown {
  if (typeof value === 'number') return value + 1;
  if (typeof value === 'boolean') return !value;
  if (typeof value !== 'string') return 'somebody';
  if (/^\d{4}-\d\d-\d\dT/.test(value)) return value.replace(/^\d{4}/, '2031');
  const flipped = value.startsWith('A') ? 'B' : 'A';
  return value === '' ? 'A' : flipped + value.slice(1);
}

describe('the certificate of a destruction', () => {
  it('is not given before every check was made', async (test) => {
    const { certify, destroy } = await destroyedKey(test);
    await assert.rejects(certify(), { code: 'key-destruction-scheduled' });
    await destroy();
    assert.equal((await certify()).certificate.status, 'complete');
  });

  it('says what, why, who, how and what was seen, and holds without a server', async (test) => {
    const { node, id, certify, destroy } = await destroyedKey(test);
    await destroy();
    const signed = await certify({ operator: 'Ada, key officer', verifier: 'Bob, audit' });
    const { certificate } = signed;
    assert.deepEqual(
      [certificate.key.id, certificate.key.names, certificate.request.reason, certificate.operator],
      [id, ['doomed'], 'its time is over', 'Ada, key officer'],
    );
    assert.equal(certificate.request.requestedBy.name, 'admin');
    assert.deepEqual(
      certificate.demand.map(({ operation, count }) => [operation, count]),
      [['keys.encrypt', 1]],
    );
    assert.deepEqual(
      certificate.verification.map(({ node: seenBy, opens }) => [seenBy, opens]),
      [['one', false]],
    );
    assert.equal(certificate.versions[0]?.history.at(-1)?.state, 'destroyed');
    assert.match(certificate.issuedBy.software, /^claviger \d/);
    const bytes = Buffer.from(JSON.stringify(signed, null, 2));
    assert.deepEqual(verifyCertificate(node.config, bytes, []).findings, []);
    const keysFile = path.join(node.config.auditFolder, 'one', 'keys.json');
    assert.deepEqual(verifyCertificate({ auditFolder: '/nowhere' }, bytes, [keysFile]).findings, []);
    assert.throws(() => verifyCertificate({ auditFolder: '/nowhere' }, bytes, []), {
      code: 'configuration-invalid',
    });
  });

  it('is pending while a copy can open the key', async (test) => {
    const { node, id, certify, destroy } = await destroyedKey(test);
    const copy = {
      id: '0b8f3a8e-0000-4000-8000-000000000001',
      kind: 'export',
      keyId: id,
      createdAt: 5,
      place: 'the safe',
      holder: 'ada',
      status: 'live',
      detail: {},
    } as const;
    await node.house.store.commit({ changes: [{ kind: 'copy-put', copy, expected: null }], events: [] });
    await destroy();
    const first = await certify();
    assert.deepEqual(
      [first.certificate.status, first.certificate.copies.map(({ place }) => place)],
      ['pending', ['the safe']],
    );
    const gone = { ...copy, status: 'destroyed' } as const;
    await node.house.store.commit({
      changes: [{ kind: 'copy-put', copy: gone, expected: 'live' }],
      events: [],
    });
    assert.equal((await certify()).certificate.status, 'complete');
  });

  it('does not hold with any of it changed', async (test) => {
    const { node, certify, destroy } = await destroyedKey(test);
    await destroy();
    const signed = await certify({ operator: 'Ada' });
    let tried = 0;
    for (const trail of changes(signed)) {
      tried += 1;
      const bytes = Buffer.from(changed(signed, trail));
      let findings: readonly string[];
      try {
        ({ findings } = verifyCertificate(node.config, bytes, []));
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'input-invalid', trail.join('.'));
        continue;
      }
      assert.notEqual(findings.length, 0, trail.join('.'));
    }
    assert.ok(tried > 60, `${tried} places`);
    const more = Buffer.from(JSON.stringify({ ...signed, more: 1 }));
    assert.throws(() => verifyCertificate(node.config, more, []), { code: 'input-invalid' });
  });

  it('of another house does not hold here', async (test) => {
    const [one, two] = [await destroyedKey(test), await destroyedKey(test)];
    await one.destroy();
    const bytes = Buffer.from(JSON.stringify(await one.certify()));
    const { findings } = verifyCertificate(two.node.config, bytes, []);
    assert.match(findings.join('\n'), /keys that are not among those that you trust/);
  });

  it('is read strictly, whatever the bytes are', () => {
    const keysFile = '/nowhere/keys.json';
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 300 }),
          fc.json().map((text) => Buffer.from(text)),
        ),
        (bytes) => {
          assert.throws(() => verifyCertificate({ auditFolder: '/nowhere' }, bytes, [keysFile]), {
            code: 'input-invalid',
          });
        },
      ),
    );
  });
});
