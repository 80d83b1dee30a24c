import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { permissions, type Permission } from '#access';
import { keyUsages } from '#domain';
import type { Operation, TargetRule } from './operation.ts';
import { operations } from './table.ts';

type Any = Operation<never, unknown>;
const all = Object.entries(operations) as unknown as [string, Any][];
const rulesOf = (operation: Any): readonly TargetRule<never>[] => operation.targets;

/** Permissions that stand for several operations, on purpose. */
const shared: Readonly<Partial<Record<Permission, readonly string[]>>> = {
  'credentials:create': ['createAccessKey', 'createToken'],
  'keys:import-material': ['importMaterial', 'importUnderKey', 'importNextVersion'],
  'keys:derive-shared-secret': ['deriveSharedSecret', 'makeByAgreement'],
  'keys:encrypt': ['encrypt', 'encryptItems'],
  'keys:decrypt': ['decrypt', 'decryptItems'],
  'keys:reencrypt-from': ['reencrypt', 'rewrapItems'],
  'keys:reencrypt-to': ['reencrypt', 'rewrapItems'],
  'keys:generate-mac': ['generateMac', 'macItems'],
  'keys:verify-mac': ['verifyMac', 'verifyMacItems'],
  'keys:get-public-key': ['getPublicKey', 'derivePublicKeys'],
  'keys:sign': ['sign', 'signItems'],
  'keys:verify': ['verify', 'verifyItems'],
  'keys:generate-data-key': ['generateDataKey', 'generateSealedDataKey'],
  'keys:generate-data-key-without-plaintext': [
    'generateDataKeyWithoutPlaintext',
    'generateSealedDataKeyWithoutPlaintext',
  ],
  'keys:export': ['exportKey', 'exportUnderKey', 'exportInClear', 'backUpInClear'],
  'server:rekey': ['beginRekey', 'authoriseRekey', 'confirmRekey', 'cancelRekey'],
};
/** Permissions that no operation of this table asks for: who reads the log is asked where it is read. */
const elsewhere: readonly Permission[] = ['audit:read'];

function faceOf(): string[] {
  const file = path.join(import.meta.dirname, '..', '..', 'docs', 'operations-face.md');
  return fs
    .readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => /^\| [a-z]/.test(line) && !line.startsWith('| operation '))
    .flatMap((line) => (line.split('|')[1] ?? '').split(',').map((name) => name.trim()));
}

describe('the table of operations', () => {
  it('gives each permission to one operation, or to several on purpose', () => {
    const holders = new Map<Permission, string[]>();
    for (const [name, operation] of all) {
      const asked = rulesOf(operation).map((rule) => rule.permission);
      if (operation.permission) asked.push(operation.permission);
      assert.equal(asked.length > 0, operation.isOpen !== true, `${name} asks for no permission`);
      for (const permission of asked) holders.set(permission, [...(holders.get(permission) ?? []), name]);
    }
    for (const [permission, names] of holders)
      if (names.length > 1) assert.deepEqual(names, shared[permission], permission);
    const known = Object.keys(permissions) as Permission[];
    const unused = known.filter((permission) => !holders.has(permission));
    assert.deepEqual(unused, elsewhere);
  });

  it('asks for a permission on keys in their rules, and for none beside them', () => {
    for (const [name, operation] of all)
      if (!operation.isOpen)
        assert.equal(rulesOf(operation).length > 0, operation.permission === undefined, name);
  });

  it('names each operation once, as area and verb', () => {
    const names = all.map(([, { name }]) => name);
    assert.equal(new Set(names).size, names.length);
    for (const name of names)
      assert.match(
        name,
        /^(keys|names|mounts|policies|tokens|token-roles|logins|auth|identity|approvals|governance|documents|secrets|cubbyholes|wrappings|environments|principals|credentials|server|roots|recovery|anomaly|notices|backup|escrow|copies)\.[a-z]+(-[a-z]+)*$/,
      );
  });

  it('lists for each rule the conditions in which the key may be', () => {
    const known = ['usable', 'suspended', 'lacking-material', 'destruction-scheduled', 'destroyed'];
    for (const [name, operation] of all) {
      for (const { conditions } of rulesOf(operation)) {
        assert.ok(conditions.length > 0, name);
        assert.equal(new Set(conditions).size, conditions.length, name);
        for (const condition of conditions) assert.ok(known.includes(condition), name);
      }
    }
  });

  it('opens material exactly for uses, which need a usable key, a purpose and an algorithm', () => {
    for (const [name, operation] of all) {
      const kinds = { use: ['protect', 'process'], manage: ['manage'], read: ['inspect'] } as const;
      for (const rule of rulesOf(operation)) {
        // a key that wraps, unwraps or makes another one is used, in an operation that manages the other
        const carries =
          operation.kind === 'manage' && (rule.usage === 'wrap' || rule.usage === 'key-agreement');
        const acts: readonly string[] = carries ? kinds.use : kinds[operation.kind];
        assert.ok(acts.includes(rule.act), `${name} ${rule.act}`);
        if (operation.kind !== 'use' && !carries) continue;
        assert.deepEqual(rule.conditions, ['usable'], name);
        // a companion of the key does what the key's own purpose is not
        const companion = name === 'macItems' || name === 'verifyMacItems';
        if (companion) assert.equal(typeof rule.usage, 'function', name);
        else
          assert.ok(
            keyUsages.some((usage) => usage === rule.usage),
            name,
          );
        assert.ok(rule.algorithm, name);
        assert.equal(rule.bytes !== undefined, rule.act === 'protect', `${name} counts bytes`);
      }
    }
  });

  it('lets every use of a key be tried without effect, and nothing else', () => {
    for (const [name, operation] of all) {
      const usesKey = operation.kind === 'use' && rulesOf(operation).length > 0;
      assert.equal(operation.isDryRun !== undefined, usesKey, name);
    }
  });

  it('leaves to the house alone what no role may do', () => {
    for (const name of ['keys:destroy', 'keys:rotate-due', 'keys:expire-imported-material'] as const) {
      assert.deepEqual(permissions[name].roles, []);
      assert.equal(permissions[name].awsAction, null);
    }
  });

  it('is frozen, and so is each operation', () => {
    assert.ok(Object.isFrozen(operations));
    for (const [name, operation] of all) assert.ok(Object.isFrozen(operation), name);
  });

  it('is what the document for protocols says', () => {
    const documented = faceOf();
    assert.equal(new Set(documented).size, documented.length);
    assert.deepEqual([...documented].sort(), all.map(([name]) => name).sort());
  });
});
