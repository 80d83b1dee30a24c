import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import fc from 'fast-check';
import { algorithmsFor, factsOf, keySpecNames, keyUsages } from '#domain';
import { dayMillis, factsOfKey, judgedAt, keyOf, versionOf } from '../population.fixture.ts';
import { cbomOf } from './cbom.ts';
import { quantumReadiness, transitionRules } from './quantum.ts';
import { inventoryRow, sizeBitsOf, type InventoryRow } from './row.ts';
import { effectiveStrength, type WrapNode } from './strength.ts';
import { csvField, csvOf, jsonLinesOf } from './text-lines.ts';

async function* each<T>(all: readonly T[]): AsyncGenerator<T> {
  yield* all;
}

async function textOf(pieces: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const piece of pieces) text += piece;
  return text;
}

const row = (about: Partial<Parameters<typeof keyOf>[0]> = {}): InventoryRow =>
  inventoryRow(factsOfKey(keyOf({ id: 'key-1', ...about })), judgedAt);

describe('a row of the inventory', () => {
  it('says everything of an ordinary key', () => {
    const key = keyOf({ id: 'key-1', rotation: { periodDays: 90, since: 0, nextAt: judgedAt } });
    const facts = factsOfKey(key, {
      names: ['cards'],
      lastUse: { operation: 'keys.encrypt', at: judgedAt - 1000, requestId: 'r', principal: 'till' },
      uses: [
        { version: 1, principal: 'till', act: 'protect', count: 3, firstAt: 1, lastAt: 2 },
        { version: 1, principal: 'back', act: 'process', count: 1, firstAt: 1, lastAt: 2 },
        { version: 1, principal: 'till', act: 'process', count: 1, firstAt: 1, lastAt: 2 },
      ],
      sameMaterial: [
        { keyId: 'other', environment: 'staging' },
        { keyId: 'twin', environment: 'production' },
      ],
    });
    const found = inventoryRow(facts, judgedAt);
    const end = Date.parse(found.protectUntil ?? '');
    assert.deepEqual(found.users, ['back', 'till']);
    assert.deepEqual(found.alsoIn, ['staging']);
    assert.equal(found.protectSecondsLeft, (end - judgedAt) / 1000);
    assert.equal(found.lastUseAt, new Date(judgedAt - 1000).toISOString());
    assert.deepEqual(
      [found.purpose, found.algorithm, found.sizeBits, found.strengthBits, found.quantumReady],
      ['data', 'aes', 256, 256, true],
    );
    assert.deepEqual([found.owner, found.rotationDays, found.copies], ['payments', 90, 0]);
  });

  it('has nothing left behind its end, and no end before its activation', () => {
    const old = { spec: 'AES_256', usage: 'encrypt', activatedAt: judgedAt - 9000 * dayMillis } as const;
    assert.equal(row({ versions: [versionOf(old)] }).protectSecondsLeft, 0);
    const waiting = { ...versionOf(old), activatedAt: null };
    const { protectUntil, protectSecondsLeft } = row({ versions: [waiting] });
    assert.deepEqual([protectUntil, protectSecondsLeft], [null, null]);
  });

  it('counts what usage leaves of a key', () => {
    const key = keyOf({ id: 'key-1', spec: 'AES_128' });
    const counts = [{ version: 1, operations: 5, bytes: 7 }];
    assert.equal(inventoryRow(factsOfKey(key, { counts }), judgedAt).operationsLeft, 2 ** 32 - 5);
    const spent = [{ version: 1, operations: 2 ** 40, bytes: 7 }];
    assert.equal(inventoryRow(factsOfKey(key, { counts: spent }), judgedAt).operationsLeft, 0);
  });

  it('knows the bits of every spec that is told in bits', () => {
    for (const spec of keySpecNames) {
      const bits = sizeBitsOf({ spec });
      const isUntold = spec === 'HMAC' || /^(ML|SLH)_/.test(spec);
      assert.equal(bits === null, isUntold, spec);
      if (bits !== null) assert.ok(bits >= factsOf(spec).strengthBits, spec);
    }
    assert.equal(sizeBitsOf({ spec: 'HMAC', materialBytes: 40 }), 320);
  });
});

describe('effective strength', () => {
  const node = (spec: WrapNode['spec'], ...wrappedBy: string[]): WrapNode => ({ spec, wrappedBy });

  it('is that of the weakest key above, through any number of steps', () => {
    const graph: Readonly<Record<string, WrapNode>> = {
      a: node('AES_256', 'b'),
      b: node('AES_256', 'c', 'gone'),
      c: node('RSA_2048'),
    };
    assert.equal(
      effectiveStrength(node('AES_256', 'a'), (id) => graph[id] ?? null),
      112,
    );
    assert.equal(
      effectiveStrength(node('AES_128'), (id) => graph[id] ?? null),
      128,
    );
  });

  it('ends in every graph, is never above the own strength, and falls where an edge is added', () => {
    const specs = ['AES_128', 'AES_256', 'RSA_2048', 'RSA_3072', 'EC_P384'] as const;
    const graphs = fc.array(fc.tuple(fc.constantFrom(...specs), fc.array(fc.nat(9), { maxLength: 3 })), {
      minLength: 1,
      maxLength: 10,
    });
    fc.assert(
      fc.property(graphs, fc.nat(9), (graph, more) => {
        const nodes = graph.map(([spec, above]) => node(spec, ...above.map(String)));
        const nodeOf = (id: string) => nodes[Number(id)] ?? null;
        const [first] = nodes;
        assert.ok(first);
        const strength = effectiveStrength(first, nodeOf);
        assert.ok(strength <= factsOf(first.spec).strengthBits);
        const joined = { ...first, wrappedBy: [...first.wrappedBy, String(more)] };
        assert.ok(effectiveStrength(joined, nodeOf) <= strength);
      }),
    );
  });
});

describe('quantum readiness', () => {
  it('is what the category says, and dates are those of the plans', () => {
    assert.deepEqual(quantumReadiness('RSA_2048'), {
      isReady: false,
      category: 0,
      rules: ['ir8547-112-bits', 'cnsa-2.0-signatures', 'ir8547-classical'],
      disallowedAfter: '2035-12-31',
    });
    // P-256 has 128 bits: the row of 112 bits is not its own
    assert.ok(!quantumReadiness('EC_P256').rules.includes('ir8547-112-bits'));
    assert.deepEqual(quantumReadiness('ML_DSA_87').rules, []);
    assert.deepEqual(quantumReadiness('ML_KEM_768').rules, ['cnsa-2.0']);
    for (const spec of keySpecNames)
      assert.equal(quantumReadiness(spec).isReady, quantumReadiness(spec).disallowedAfter === null, spec);
    for (const rule of transitionRules)
      assert.match(`${rule.source} ${rule.after}`, /.{10} 20\d\d-\d\d-\d\d$/);
  });
});

describe('CSV', () => {
  it('calculates nothing in a spreadsheet', () => {
    for (const start of ['=', '+', '-', '@', '\t', '\r', '\n', ' =', '\uFF1D', '\t='])
      assert.match(csvField(`${start}HYPERLINK("http://x")`), /^"?'/, JSON.stringify(start));
    assert.equal(csvField(-5), '-5');
    assert.equal(csvField(['=1', 'b']), "'=1 b");
    assert.equal(csvField('plain text-1'), 'plain text-1');
    assert.equal(csvField(null), '');
  });

  it('gives every text back to a reader of RFC 4180, but for the apostrophe', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.string({ unit: 'binary' }), fc.string()), { minLength: 1 }),
        async (rows) => {
          const text = await textOf(csvOf(each(rows.map(([a, b]) => ({ a, b })))));
          const read = parseCsv(text);
          assert.equal(read.length, rows.length + 1);
          for (const [index, [a]] of rows.entries()) {
            const expected = a.toWellFormed().replaceAll('\0', '\uFFFD');
            assert.ok([expected, `'${expected}`].includes(read[index + 1]?.[0] ?? ''));
          }
        },
      ),
    );
  });

  it('has a head and a line for each row, and nothing for none', async () => {
    const text = await textOf(csvOf(each([row(), row({ id: 'key-2', owner: 'a,"b"' })])));
    const [head, first, second] = text.split('\r\n');
    assert.equal(head?.split(',').length, Object.keys(row()).length);
    assert.ok(first?.startsWith('key,key-1,'));
    assert.ok(second?.includes('"a,""b"""'));
    assert.equal(await textOf(csvOf(each([]))), '');
    assert.equal(await textOf(jsonLinesOf(each([row()]))), `${JSON.stringify(row())}\n`);
  });
});

/** A reader of RFC 4180, for the test alone. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let [fields, field, quoted] = [[] as string[], '', false];
  for (let at = 0; at < text.length; at += 1) {
    const next = text[at] as string;
    if (quoted) {
      if (next !== '"') field += next;
      else if (text[at + 1] === '"') field += text[(at += 1)];
      else quoted = false;
    } else if (next === '"') quoted = true;
    else if (next === ',') [fields, field] = [[...fields, field], ''];
    else if (next === '\r' && text[at + 1] === '\n') {
      rows.push([...fields, field]);
      [fields, field, at] = [[], '', at + 1];
    } else field += next;
  }
  return rows;
}

describe('the bill of cryptographic materials', () => {
  const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot7);
  const head = { environment: 'production', at: '2026-06-01T00:00:00.000Z', software: 'claviger 0.1.0' };
  const requireValid = async (text: string) => assert.equal(await validator.validate(text), null);

  it('is valid with a key of every spec, usage and state, and the same again', async () => {
    const states = ['active', 'suspended', 'destroyed', 'destroyed-compromised', 'pre-activation'] as const;
    const rows = keySpecNames
      .flatMap((spec) => keyUsages.map((usage) => ({ spec, usage })))
      .filter(({ spec, usage }) => algorithmsFor(spec, usage).length > 0)
      .map(({ spec, usage }, index) => {
        const version = versionOf({ spec, usage });
        const versions = [{ ...version, state: states[index % states.length] ?? 'active' }];
        return row({ id: `key-${index}`, spec, usage, versions, tier: index % 2 ? 'hsm' : 'served' });
      });
    const text = await textOf(cbomOf(head, each(rows)));
    await requireValid(text);
    assert.equal(await textOf(cbomOf(head, each(rows))), text);
    const bom = JSON.parse(text);
    const refs = new Set(bom.components.map((component: { 'bom-ref': string }) => component['bom-ref']));
    assert.equal(refs.size, bom.components.length);
    for (const { cryptoProperties } of bom.components) {
      const material = cryptoProperties.relatedCryptoMaterialProperties;
      if (!material) continue;
      assert.ok(!('value' in material));
      for (const { ref } of material.relatedCryptographicAssets) assert.ok(refs.has(ref), ref);
    }
  });

  it('is valid without any key', async () => {
    await requireValid(await textOf(cbomOf(head, each([]))));
  });

  it('is valid whatever people write into fields', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'binary' }),
        fc.string({ unit: 'binary' }),
        async (owner, description) => {
          const odd = { ...row({ owner, description }), names: [owner], users: [description], spec: owner };
          await requireValid(
            await textOf(cbomOf(head, each([row({ owner, description }), { ...odd, id: 'b' }]))),
          );
        },
      ),
      { numRuns: 30 },
    );
  });

  it('says what CycloneDX has no field for', async () => {
    const bom = JSON.parse(await textOf(cbomOf(head, each([row()]))));
    const said = new Map(
      bom.components[0].properties.map(({ name, value }: { name: string; value: string }) => [name, value]),
    );
    assert.equal(said.get('claviger:owner'), 'payments');
    assert.equal(said.get('claviger:purpose'), 'data');
    assert.equal(said.get('claviger:environment'), 'production');
    assert.ok(said.has('claviger:crypto-period:protect-until'));
  });

  it('holds no more than a row at a time', async () => {
    let asked = 0;
    async function* endless(): AsyncGenerator<InventoryRow> {
      for (;;) {
        asked += 1;
        yield row({ id: `key-${asked}` });
      }
    }
    const pieces = cbomOf(head, endless());
    for (let index = 0; index < 5; index += 1) await pieces.next();
    await pieces.return(undefined);
    assert.equal(asked, 4);
  });
});
