import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { extension, make, newKey, server, type Made, type Wish } from '../../../test/certificates.ts';
import { readCertificate } from './read-certificate.ts';
import { newVerifications, pathsTo } from './verify-path.ts';

const day = 86_400_000;

type Case = {
  readonly leaf: Made;
  readonly others?: readonly Made[];
  readonly anchors: readonly Made[];
  readonly now?: number;
};

/** The paths that are found, by common names. */
async function paths({ leaf, others = [], anchors, now = Date.now() }: Case): Promise<string[]> {
  const read = (all: readonly Made[]) => Promise.all(all.map(({ der }) => readCertificate(der)));
  const found = pathsTo({
    leaf: await readCertificate(leaf.der),
    others: await read(others),
    anchors: await read(anchors),
    now,
    verifications: newVerifications(),
  });
  return [...found].map((one) => one.map(({ names }) => names.commonName).join(' < '));
}

const root = make({ name: 'root', authority: true });

/** A path of a client, an authority between and the root, of which each can be made otherwise. */
function chain(wishes: { root?: Wish; between?: Wish; leaf?: Wish } = {}): Required<Omit<Case, 'now'>> {
  const top = make({ name: 'root', authority: true, ...wishes.root });
  const between = make({ name: 'between', authority: true, by: top, ...wishes.between });
  const leaf = make({ name: 'leaf', by: between, ...wishes.leaf });
  return { leaf, others: [between], anchors: [top] };
}

const example = { dNSName: 'example.com' };
const good: Readonly<Record<string, Case>> = {
  'a client below the root': { leaf: make({ name: 'leaf', by: root }), anchors: [root] },
  'an authority between': chain(),
  'a length that is just enough': chain({ root: { pathLength: 1 }, between: { pathLength: 0 } }),
  'no key usage anywhere': chain({ root: { usage: null }, between: { usage: null }, leaf: { usage: null } }),
  'no purposes': chain({ leaf: { purposes: null } }),
  'any purpose': chain({ leaf: { purposes: ['2.5.29.37.0'] } }),
  'an authority for clients': chain({ between: { purposes: ['1.3.6.1.5.5.7.3.2'] } }),
  'an extension that is not critical': chain({
    leaf: { extensions: [extension('1.2.3.4', Buffer.from([5, 0]))] },
  }),
  'names that are permitted': chain({
    root: { permitted: [example] },
    leaf: { names: [{ dNSName: 'a.example.com' }] },
  }),
  'names that are not excluded': chain({
    root: { excluded: [example] },
    leaf: { names: [{ dNSName: 'example.org' }] },
  }),
};

const twin = { ...make({ name: 'root', authority: true }), keyId: root.keyId };
const bad: Readonly<Record<string, Case>> = {
  'another root': { ...chain(), anchors: [root] },
  'no root': { ...chain(), anchors: [] },
  'an authority between that is missing': { ...chain(), others: [] },
  'a root of the same name with another key': { leaf: make({ by: twin }), others: [twin], anchors: [root] },
  'a client that is signed by itself': { leaf: make(), anchors: [root] },
  'a root that only the client sends': { ...chain(), others: [...chain().others, root], anchors: [] },
  'a client that is over': chain({ leaf: { notAfter: Date.now() - 2000 } }),
  'a client that is not yet good': chain({ leaf: { notBefore: Date.now() + day } }),
  'an authority that is over': chain({ between: { notAfter: Date.now() - 2000 } }),
  'a root that is over': chain({ root: { notAfter: Date.now() - 2000 } }),
  'a client that signs for another': (() => {
    const signer = make({ name: 'signer', by: root, usage: null });
    return { leaf: make({ by: signer }), others: [signer], anchors: [root] };
  })(),
  'an authority that may not sign certificates': chain({ between: { usage: 1 } }),
  'a root that may not sign certificates': chain({ root: { usage: 64 } }),
  'a path that is longer than the root lets it': chain({ root: { pathLength: 0 } }),
  'a client for servers': chain({ leaf: { purposes: [server] } }),
  'an authority for servers': chain({ between: { purposes: [server] } }),
  'a root for servers': chain({ root: { purposes: [server] } }),
  'a client whose key may not sign': chain({ leaf: { usage: 16 } }),
  'a critical extension of a client that nobody knows': chain({
    leaf: { extensions: [extension('1.2.3.4', Buffer.from([5, 0]), true)] },
  }),
  'a critical extension of an authority that nobody knows': chain({
    between: { extensions: [extension('2.5.29.36', Buffer.from([0x30, 0]), true)] },
  }),
  'a client signed with SHA-1': chain({ leaf: { hash: 'sha1' } }),
  'an authority signed with SHA-1': chain({ between: { hash: 'sha1' } }),
  'names that are not permitted': chain({
    root: { permitted: [example] },
    leaf: { names: [{ dNSName: 'badexample.com' }] },
  }),
  'names that are excluded': chain({
    between: { excluded: [example] },
    leaf: { names: [{ dNSName: 'a.example.com' }] },
  }),
  'one name of several that is not permitted': chain({
    root: { permitted: [example] },
    leaf: { names: [{ dNSName: 'a.example.com' }, { dNSName: 'example.org' }] },
  }),
};

describe('a path to what is trusted', () => {
  for (const [what, one] of Object.entries(good))
    it(`is found: ${what}`, async () => {
      assert.equal((await paths(one)).length, 1);
    });
  for (const [what, one] of Object.entries(bad))
    it(`is not found: ${what}`, async () => {
      assert.deepEqual(await paths(one), []);
    });

  it('is as OpenSSL has it', { skip: opensslMissing() }, () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'claviger-path-'));
    try {
      // OpenSSL lets through what its level of security allows and constraints of policies, and keeps out who is for any purpose
      const differs = new Set([
        'any purpose',
        'a critical extension of an authority that nobody knows',
        'a client whose key may not sign',
        'a client signed with SHA-1',
        'an authority signed with SHA-1',
        'a root for servers',
      ]);
      for (const [isGood, cases] of [
        [true, good],
        [false, bad],
      ] as const)
        for (const [what, one] of Object.entries(cases))
          if (!differs.has(what)) assert.equal(isVerified(folder, one), isGood, what);
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  });

  it('is good to the last second, and no longer', async () => {
    const from = Date.UTC(2030, 0, 1);
    const valid = make({ name: 'root', authority: true, notAfter: from + 9 * day });
    const client = make({ name: 'leaf', by: valid, notBefore: from, notAfter: from + day });
    const at = (now: number) => paths({ leaf: client, anchors: [valid], now });
    assert.deepEqual(await at(from - 1), []);
    assert.deepEqual(await at(from), ['leaf < root']);
    assert.deepEqual(await at(from + day + 999), ['leaf < root']);
    assert.deepEqual(await at(from + day + 1000), []);
  });

  it('is the certificate itself where that is trusted, whether or not it is an authority', async () => {
    const pinned = make({ name: 'pinned' });
    assert.deepEqual(await paths({ leaf: pinned, anchors: [pinned] }), ['pinned']);
    const self = make({ name: 'self', authority: true, usage: 33 });
    assert.deepEqual(await paths({ leaf: self, anchors: [self] }), ['self']);
    // one that is pinned signs for nobody
    assert.deepEqual(await paths({ leaf: make({ by: pinned }), anchors: [pinned] }), []);
    const forged = make({ name: 'pinned', serial: pinned.serial });
    assert.deepEqual(await paths({ leaf: forged, anchors: [pinned] }), []);
    const over = make({ notAfter: Date.now() - 2000 });
    assert.deepEqual(await paths({ leaf: over, anchors: [over] }), []);
  });

  it('goes by an authority between that is trusted, and needs none above it', async () => {
    const { leaf, others } = chain();
    assert.deepEqual(await paths({ leaf, anchors: others }), ['leaf < between']);
  });

  it('is found in every way that there is', async () => {
    const key = newKey();
    const second = make({ name: 'second', authority: true });
    const crossed = [root, second].map((by) => make({ name: 'between', authority: true, by, key }));
    const [one, two] = crossed as [Made, Made];
    const leaf = make({ name: 'leaf', by: { ...one } });
    const same = { ...two, keyId: one.keyId };
    assert.deepEqual(await paths({ leaf, others: crossed, anchors: [root, second] }), [
      'leaf < between < root',
    ]);
    const loose = make({ name: 'leaf', by: same });
    assert.equal((await paths({ leaf: loose, others: crossed, anchors: [root] })).length, 1);
  });

  it('ends where authorities sign each other in a circle, or are very many', async () => {
    const keys = [newKey(), newKey()] as const;
    const names = ['left', 'right'] as const;
    const seeds = names.map((name, index) => make({ name, authority: true, key: keys[index as 0 | 1] }));
    const [left, right] = seeds as [Made, Made];
    const circle = [
      make({ name: 'left', authority: true, key: keys[0], by: right }),
      make({ name: 'right', authority: true, key: keys[1], by: left }),
    ];
    const leaf = make({ by: left });
    assert.deepEqual(await paths({ leaf, others: circle, anchors: [root] }), []);
    const key = newKey();
    const first = make({ name: 'one', authority: true, key });
    // each of them is the issuer of all the others
    const alike = { name: 'one', authority: true, key, by: first, keyId: first.keyId };
    const many = Array.from({ length: 9 }, () => make(alike));
    const before = performance.now();
    assert.deepEqual(await paths({ leaf: make({ by: first }), others: many, anchors: [root] }), []);
    assert.ok(performance.now() - before < 2000);
  });

  it('compares no more names than it may for one client', async () => {
    const count = 1500;
    const numbered = (at: number) => `${10 + (at >> 16)}.${(at >> 8) & 255}.${at & 255}.1`;
    const limits = Array.from({ length: count }, (_, at) => ({ iPAddress: `${numbered(at)}/32` }));
    const [top, strange] = ['top', 'strange'].map((name) => make({ name, authority: true })) as [Made, Made];
    const by = make({ name: 'between', authority: true, by: strange, excluded: limits });
    const names = Array.from({ length: count }, (_, at) => ({ iPAddress: numbered(at + 65_536) }));
    const leaf = make({ by, names });
    const before = performance.now();
    assert.deepEqual(await paths({ leaf, others: [by], anchors: [top] }), []);
    assert.ok(performance.now() - before < 2000);
  });

  it('verifies no more signatures than it may for one client', async () => {
    const { leaf, others, anchors } = chain();
    const read = async ({ der }: Made) => readCertificate(der);
    const verifications = newVerifications();
    const parts = {
      leaf: await read(leaf),
      others: await Promise.all(others.map(read)),
      anchors: await Promise.all(anchors.map(read)),
      now: Date.now(),
    };
    assert.equal([...pathsTo({ ...parts, verifications })].length, 1);
    const { left } = verifications;
    assert.equal([...pathsTo({ ...parts, verifications })].length, 1);
    assert.equal(verifications.left, left, 'what was verified is known');
    verifications.left = 0;
    verifications.known.clear();
    assert.deepEqual([...pathsTo({ ...parts, verifications })], []);
  });

  it('refuses small keys', async () => {
    const small = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const large = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const odd = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
    assert.deepEqual(await paths({ leaf: make({ by: root, key: small }), anchors: [root] }), []);
    assert.deepEqual(await paths({ leaf: make({ by: root, key: odd }), anchors: [root] }), []);
    assert.equal((await paths({ leaf: make({ by: root, key: large }), anchors: [root] })).length, 1);
  });
});

function opensslMissing(): string | false {
  return spawnSync('openssl', ['version']).status === 0 ? false : 'the command openssl is not installed';
}

function isVerified(folder: string, { leaf, others = [], anchors }: Case): boolean {
  const file = (name: string, all: readonly Made[]): string => {
    fs.writeFileSync(path.join(folder, name), all.map(({ pem }) => pem).join(''));
    return name;
  };
  const trusted = anchors.length === 0 ? ['-no-CAfile'] : ['-CAfile', file('anchors.pem', anchors)];
  const sent = others.length === 0 ? [] : ['-untrusted', file('others.pem', others)];
  const usual = ['verify', '-no-CApath', '-no-CAstore', '-purpose', 'sslclient'];
  const words = [...usual, ...trusted, ...sent, file('leaf.pem', [leaf])];
  return spawnSync('openssl', words, { cwd: folder }).status === 0;
}
