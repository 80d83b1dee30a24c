import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';

const source = path.join(import.meta.dirname, '..', 'src');

/** The rank of each area: it may import lower ranks, and of its own rank only what is named. */
const areas: Readonly<Record<string, { rank: number; may: readonly string[] }>> = {
  domain: { rank: 0, may: [] },
  encoding: { rank: 0, may: [] },
  ports: { rank: 1, may: ['domain'] },
  crypto: { rank: 2, may: ['domain'] },
  roots: { rank: 3, may: ['domain', 'ports', 'crypto'] },
  storage: { rank: 3, may: ['domain', 'ports', 'crypto'] },
  audit: { rank: 3, may: ['domain', 'encoding', 'ports', 'crypto'] },
  access: { rank: 3, may: ['domain', 'ports', 'crypto'] },
  governance: { rank: 4, may: ['domain', 'encoding', 'ports', 'crypto', 'audit'] },
  operations: { rank: 4, may: ['domain', 'encoding', 'ports', 'crypto', 'audit', 'access', 'governance'] },
  protocols: { rank: 5, may: ['domain', 'encoding', 'ports', 'access', 'operations', 'governance'] },
  server: {
    rank: 6,
    may: [
      'domain',
      'ports',
      'crypto',
      'roots',
      'storage',
      'audit',
      'access',
      'operations',
      'governance',
      'protocols',
    ],
  },
  sdk: { rank: 0, may: [] },
  cli: { rank: 7, may: ['sdk', 'server'] },
};

function sources(): string[] {
  return fs
    .readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .sort();
}

const isTest = (name: string): boolean => /\.(test|fixture)\.ts$/.test(name);

/** Specifiers of all imports and re-exports, static and dynamic; those of types alone only where they are wanted. */
function importsOf(name: string, withTypes = true): string[] {
  const whole = fs.readFileSync(path.join(source, name), 'utf8');
  const text = withTypes ? whole : whole.replace(/^(import|export) type [^;]*;/gm, '');
  const forms = [/\bfrom\s+'([^']+)'/g, /\bimport\s+'([^']+)'/g, /\bimport\(\s*'([^']+)'/g];
  return forms.flatMap((form) => [...text.matchAll(form)].map((match) => match[1] ?? ''));
}

/** The folder within which a file may reach upwards: its area, or its protocol. */
function roomOf(name: string): string {
  const [area = '', inner = ''] = name.split(path.sep);
  return area === 'protocols' ? path.join(area, inner) : area;
}

function areaOf(specifier: string): string {
  return specifier.slice(1).split('/')[0] ?? '';
}

describe('the architecture', () => {
  const files = sources();

  it('has seen the files that there are', () => {
    const imports = files.reduce((sum, name) => sum + importsOf(name).length, 0);
    assert.ok(files.length >= 120, `only ${files.length} files were read`);
    assert.ok(imports >= 400, `only ${imports} imports were read`);
  });

  it('imports only downwards, across areas only through their faces', () => {
    const wrong: string[] = [];
    for (const name of files) {
      const area = name.split(path.sep)[0] ?? '';
      const rule = areas[area];
      assert.ok(rule, `the area ${area} is not in the table`);
      for (const specifier of importsOf(name)) {
        if (specifier.startsWith('#')) {
          if (!rule.may.includes(areaOf(specifier)) && !isTest(name))
            wrong.push(`${name} imports ${specifier}`);
        } else if (specifier.startsWith('.')) {
          const target = path.normalize(path.join(path.dirname(name), specifier));
          const inside = target === roomOf(name) || target.startsWith(roomOf(name) + path.sep);
          if (!inside && !(isTest(name) && target.startsWith('..')))
            wrong.push(`${name} leaves its room: ${specifier}`);
          if (inside && !fs.existsSync(path.join(source, target))) wrong.push(`${name} imports ${specifier}`);
        } else if (area === 'domain' && !isTest(name)) {
          wrong.push(`${name} imports ${specifier}: the domain imports nothing`);
        }
      }
    }
    assert.deepEqual(wrong, []);
  });

  it('has no cycle between files', () => {
    const graph = new Map(
      files.map((name) => [
        name,
        importsOf(name, false)
          .filter((specifier) => specifier.startsWith('.'))
          .map((specifier) => path.normalize(path.join(path.dirname(name), specifier))),
      ]),
    );
    const done = new Set<string>();
    const visit = (name: string, trail: readonly string[]): void => {
      assert.ok(!trail.includes(name), `a cycle: ${[...trail, name].join(' -> ')}`);
      if (done.has(name)) return;
      for (const next of graph.get(name) ?? []) visit(next, [...trail, name]);
      done.add(name);
    };
    for (const name of files) visit(name, []);
  });

  it('keeps the drivers of other folders where they belong', () => {
    const owners: Readonly<Record<string, string>> = {
      pg: path.join('storage', 'postgres'),
      commander: 'cli',
      '@peculiar/asn1-schema': path.join('access', 'certificates'),
      '@peculiar/asn1-x509': path.join('access', 'certificates'),
      pdfkit: path.join('cli', 'pdf-parts'),
      nodemailer: path.join('server', 'notices', 'smtp'),
      '@noble/curves/nist.js': 'crypto',
      '@noble/post-quantum/ml-dsa.js': 'crypto',
    };
    for (const name of files.filter((file) => !isTest(file))) {
      for (const specifier of importsOf(name)) {
        const owner = owners[specifier];
        if (owner) assert.ok(name.startsWith(owner), `${name} imports ${specifier}`);
      }
    }
  });

  it('takes random bytes from nowhere but OpenSSL, and exports nothing by default', () => {
    for (const name of files) {
      const text = fs.readFileSync(path.join(source, name), 'utf8');
      assert.ok(!/\bMath\s*\.\s*random\b/.test(text), name);
      assert.ok(!/^export default/m.test(text), name);
    }
  });
});
