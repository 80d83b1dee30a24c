import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readTrustedKeys } from '#audit';
import { frameworks, verifyEvidence, type BundleSource, type EvidenceVerdict } from '#governance';
import { operations } from '#operations';
import { companyCaller, seedCompany, startCompany, type CompanyHouse } from './company.fixture.ts';
import { temporaryFolder } from './home.fixture.ts';

type Bundle = ReadonlyMap<string, Buffer>;

async function bundleOf(company: CompanyHouse, framework: string): Promise<Bundle> {
  const caller = await companyCaller(company, 'production', 'admin');
  const wish = { framework, environment: null };
  const { pieces } = await company.node.door.run(operations.gatherEvidence, caller, wish);
  const files = new Map<string, Buffer>();
  for await (const { file, bytes } of pieces)
    files.set(file, Buffer.concat([files.get(file) ?? Buffer.alloc(0), bytes]));
  return files;
}

function sourceOf(bundle: Bundle): BundleSource {
  return {
    names: async () => [...bundle.keys()],
    async *read(name) {
      const bytes = bundle.get(name);
      if (!bytes) throw new Error(`there is no ${name}`);
      for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
    },
  };
}

const verify = (
  bundle: Bundle,
  trusted: Parameters<typeof verifyEvidence>[1] = [],
): Promise<EvidenceVerdict> => verifyEvidence(sourceOf(bundle), trusted);

const flipped = (bytes: Buffer, at: number, bit: number): Buffer => {
  const changed = Buffer.from(bytes);
  changed[at] = (changed[at] ?? 0) ^ (1 << bit);
  return changed;
};

describe('the evidence of a company', () => {
  it('holds for each framework, is the same from the same log, and not when anything was changed', async (test) => {
    const home = temporaryFolder(test);
    const company = await startCompany(test, home);
    await seedCompany(company);
    // what the house does by itself, in its own time, would be one more event
    await company.node.maintenance.stop();
    for (const { id } of frameworks) {
      const bundle = await bundleOf(company, id);
      const verdict = await verify(bundle);
      assert.deepEqual([verdict.isValid, verdict.findings], [true, []], id);
      const again = await bundleOf(company, id);
      for (const file of [
        'run.json',
        'report.html',
        'oscal/assessment-results.json',
        'population/keys.jsonl',
      ])
        assert.equal(bundle.get(file)?.toString(), again.get(file)?.toString(), `${id} ${file}`);
      const caller = await companyCaller(company, 'production', 'admin');
      const run = await company.node.door.run(operations.runCompliance, caller, {
        framework: id,
        environment: null,
      });
      assert.deepEqual(verdict.summary, run.summary);
      assert.equal(run.keys, 40);
    }

    const bundle = await bundleOf(company, 'pci-dss-4.0.1');
    const keysFile = path.join(home, 'audit', 'one', 'keys.json');
    const trusted = [readTrustedKeys(fs.readFileSync(keysFile))];
    assert.equal((await verify(bundle, trusted)).isValid, true);
    for (const [name, bytes] of bundle) {
      if (bytes.length === 0) continue;
      for (const at of [0, bytes.length >> 1, bytes.length - 1]) {
        const { isValid } = await verify(new Map(bundle).set(name, flipped(bytes, at, 0)), trusted);
        assert.equal(isValid, false, `${name} at ${at}`);
      }
      const without = new Map(bundle);
      without.delete(name);
      assert.equal((await verify(without)).isValid, false, `without ${name}`);
    }
    const more = new Map(bundle).set('population/more.jsonl', Buffer.from('{}\n'));
    assert.match((await verify(more)).findings[0]?.problem ?? '', /does not belong/);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...[...bundle.keys()].filter((name) => (bundle.get(name)?.length ?? 0) > 0)),
        fc.double({ min: 0, max: 0.999_999, noNaN: true }),
        fc.integer({ min: 0, max: 7 }),
        async (name, share, bit) => {
          const bytes = bundle.get(name) ?? Buffer.alloc(0);
          const changed = flipped(bytes, Math.floor(share * bytes.length), bit);
          return !(await verify(new Map(bundle).set(name, changed), trusted)).isValid;
        },
      ),
      { numRuns: 60 },
    );
  });

  it('is not believed when another house made it, and is not given of a log that was changed', async (test) => {
    const home = temporaryFolder(test);
    const [one, other] = [
      await startCompany(test, path.join(home, 'a')),
      await startCompany(test, path.join(home, 'b')),
    ];
    const foreign = await bundleOf(other, 'soc2-cc6.1');
    const keysOf = (place: string) =>
      readTrustedKeys(fs.readFileSync(path.join(home, place, 'audit', 'one', 'keys.json')));
    assert.equal((await verify(foreign, [keysOf('b')])).isValid, true);
    const refused = await verify(foreign, [keysOf('a')]);
    assert.deepEqual([refused.isValid, refused.keys], [false, 'trusted']);
    assert.match(refused.findings[0]?.problem ?? '', /not signed by keys that you trust/);
    // its own keys say nothing of whose they are
    assert.deepEqual([(await verify(foreign)).isValid, (await verify(foreign)).keys], [true, 'own']);

    const entries = path.join(home, 'a', 'audit', 'one', 'tile', 'entries');
    const tampered = () => {
      for (const name of fs.readdirSync(entries, { recursive: true, encoding: 'utf8' })) {
        const file = path.join(entries, name);
        if (!fs.statSync(file).isFile()) continue;
        const bytes = fs.readFileSync(file);
        fs.writeFileSync(file, Buffer.from(bytes.toString('latin1').replaceAll('admin', 'nobdy'), 'latin1'));
      }
    };
    const fresh = await bundleOf(one, 'soc2-cc6.1');
    assert.equal((await verify(fresh)).isValid, true);
    // nothing is appended in between: the files stay as they were published
    const published = one.node.house.log.published.bind(one.node.house.log);
    const log = await published();
    assert.ok(log);
    tampered();
    await assert.rejects(Array.fromAsync((await published())?.leafHashes() ?? []), {
      code: 'integrity-failed',
    });
  });
});
