import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AclRequest, compileAcl, rootAcl } from './compile.ts';
import { parseAclPolicy } from './policy.ts';

const aclOf = (...texts: readonly string[]) => compileAcl(texts.map(parseAclPolicy), null);

function asked(
  path: string,
  capability: AclRequest['capability'],
  more: Partial<AclRequest> = {},
): AclRequest {
  return { path, capability, needsSudo: false, parameters: null, wrapSeconds: null, ...more };
}

/** One rule for each path; each gives another capability, so that the answer tells which rule decided. */
function chosen(first: string, second: string, path: string): string {
  const blocks = [
    `path "${first}" { capabilities = ["read"] }`,
    `path "${second}" { capabilities = ["update"] }`,
  ];
  const names = aclOf(...blocks).capabilities(path);
  assert.deepEqual(aclOf(...blocks.toReversed()).capabilities(path), names);
  assert.equal(names.length, 1);
  return names[0] === 'read' ? first : names[0] === 'update' ? second : 'none';
}

describe('a compiled ACL', () => {
  it('denies by default, and says why', () => {
    const acl = aclOf('path "a" { capabilities = ["read"] }\npath "b" { capabilities = ["deny"] }');
    assert.deepEqual(acl.answer(asked('a', 'read')), { allowed: true, reason: 'acl-policy' });
    assert.deepEqual(acl.answer(asked('a', 'update')), { allowed: false, reason: 'acl-policy' });
    assert.deepEqual(acl.answer(asked('b', 'read')), { allowed: false, reason: 'acl-deny' });
    assert.deepEqual(acl.answer(asked('c', 'read')), { allowed: false, reason: 'acl-no-rule' });
    assert.deepEqual(aclOf().answer(asked('a', 'read')), { allowed: false, reason: 'acl-no-rule' });
    assert.equal(acl.isRoot, false);
  });

  it('matches an exact path, a prefix, and a segment', () => {
    const cases = {
      'secret/foo': {
        yes: ['secret/foo', '/secret/foo', '//secret/foo'],
        no: ['secret/foo/bar', 'secret/foo2', 'secret'],
      },
      '/secret/foo': { yes: ['secret/foo'], no: ['secret/foo/bar'] },
      'secret/bar/*': {
        yes: ['secret/bar/', 'secret/bar/zip', 'secret/bar/zip/zap'],
        no: ['secret/bar', 'secret/bars/zip'],
      },
      'secret/zip-*': { yes: ['secret/zip-', 'secret/zip-zap/zong'], no: ['secret/zip/zap'] },
      'secret/+/teamb': {
        yes: ['secret/foo/teamb', 'secret//teamb'],
        no: ['secret/teamb', 'secret/foo/bar/teamb', 'secret/foo/teamc'],
      },
      'secret/+/+/teamb': { yes: ['secret/bar/foo/teamb'], no: ['secret/foo/teamb'] },
      'secret/+': { yes: ['secret/foo', 'secret/'], no: ['secret/foo/bar', 'secret'] },
      'secret/+/*': { yes: ['secret/foo/', 'secret/foo/bar/zip'], no: ['secret/foo'] },
      'secret/+/ba*': {
        yes: ['secret/foo/bar/zip', 'secret/foo/ba'],
        no: ['secret/foo/b', 'secret/foo/x/bar'],
      },
      '+': { yes: ['a', ''], no: ['a/b'] },
      '+/b': { yes: ['a/b', '+/b'], no: ['b', 'a/b/c'] },
      '*': { yes: ['', 'a', 'a/b'], no: [] },
      'a*b': { yes: ['a*b'], no: ['axb', 'a*bc'] },
      'a+/b': { yes: ['a+/b'], no: ['ax/b', 'a/b'] },
      'a/+b': { yes: ['a/+b'], no: ['a/xb', 'a/x'] },
      '': { yes: ['', '/'], no: ['a'] },
      'a.c/(x)': { yes: ['a.c/(x)'], no: ['abc/(x)', 'a.c/x'] },
    };
    for (const [path, { yes, no }] of Object.entries(cases)) {
      const acl = aclOf(`path "${path}" { capabilities = ["read"] }`);
      for (const entry of yes)
        assert.equal(acl.answer(asked(entry, 'read')).allowed, true, `${entry} by ${path}`);
      for (const entry of no)
        assert.equal(acl.answer(asked(entry, 'read')).reason, 'acl-no-rule', `${entry} by ${path}`);
    }
  });

  it('follows the documented priority of paths, the better one first', () => {
    const cases: readonly (readonly [better: string, worse: string, path: string])[] = [
      ['secret/foo', 'secret/*', 'secret/foo'],
      ['secret/foo', 'secret/+', 'secret/foo'],
      ['secret/foo/*', 'secret/*', 'secret/foo/bar'],
      // a later first wildcard
      ['secret/foo/+/baz', 'secret/+/bar/baz', 'secret/foo/bar/baz'],
      ['secret/a*', 'secret/+', 'secret/ab'],
      ['foo/bar/b*', 'foo/+/+', 'foo/bar/baz'],
      // no star at the end
      ['secret/+/bar', 'secret/+/ba*', 'secret/foo/bar'],
      ['secret/+', 'secret/*', 'secret/foo'],
      ['secret/+/+/+', 'secret/+/b/*', 'secret/a/b/c'],
      // fewer segments that are a wildcard
      ['secret/+/b/c', 'secret/+/+/c', 'secret/a/b/c'],
      // the longer
      ['secret/+/bar/ba*', 'secret/+/bar/b*', 'secret/foo/bar/baz'],
      ['+/+/bar/b*', '+/foo/+/*', 'secret/foo/bar/baz'],
      // the lexicographically larger
      ['+/b/+/d', '+/+/c/d', 'a/b/c/d'],
    ];
    for (const [better, worse, path] of cases)
      assert.equal(chosen(better, worse, path), better, `${better} ${worse}`);
  });

  it('unites the capabilities of one path over policies, and a deny absorbs them, in any order', () => {
    const [read, write, deny] = ['["read"]', '["update", "sudo"]', '["deny"]'].map(
      (list) => `path "a/*" { capabilities = ${list} }`,
    ) as [string, string, string];
    assert.deepEqual(aclOf(read, write).capabilities('a/b'), ['read', 'sudo', 'update']);
    assert.deepEqual(aclOf(`${read}\n${write}`).capabilities('a/b'), ['read', 'sudo', 'update']);
    for (const texts of [
      [read, deny, write],
      [deny, read],
      [read, write, deny],
    ]) {
      assert.deepEqual(aclOf(...texts).capabilities('a/b'), ['deny']);
      assert.equal(aclOf(...texts).answer(asked('a/b', 'read')).reason, 'acl-deny');
    }
    // a rule for a better path stands alone: nothing is inherited, and a deny of another path is not looked at
    assert.deepEqual(aclOf(deny, 'path "a/b" { capabilities = ["list"] }').capabilities('a/b'), ['list']);
    assert.deepEqual(aclOf(read, 'path "a/b" { capabilities = [] }').capabilities('a/b'), ['deny']);
    assert.equal(
      aclOf(read, 'path "a/b" { capabilities = [] }').answer(asked('a/b', 'read')).reason,
      'acl-policy',
    );
  });

  it('keeps a path that ends with a star apart from one whose last segment is empty', () => {
    const acl = aclOf('path "+/+/*" { capabilities = [] }\npath "+/+/+" { capabilities = ["create"] }');
    assert.deepEqual(acl.capabilities('a/b/c'), ['create']);
    assert.deepEqual(acl.capabilities('a/b/c/d'), ['deny']);
  });

  it('lets a list find the rule of its path without the slash, and other requests not', () => {
    const exact = aclOf('path "kv/metadata" { capabilities = ["list", "scan", "read"] }');
    assert.equal(exact.answer(asked('kv/metadata/', 'list')).allowed, true);
    assert.equal(exact.answer(asked('kv/metadata/', 'scan')).allowed, true);
    assert.equal(exact.answer(asked('kv/metadata/', 'read')).allowed, false);
    assert.equal(exact.answer(asked('kv/metadata//', 'list')).allowed, false);
    const segment = aclOf('path "+/metadata" { capabilities = ["list", "scan", "read"] }');
    assert.equal(segment.answer(asked('kv/metadata/', 'list')).allowed, true);
    assert.equal(segment.answer(asked('kv/metadata/', 'scan')).allowed, false);
    const both = aclOf('path "a" { capabilities = ["read"] }\npath "a/" { capabilities = ["list"] }');
    assert.equal(both.answer(asked('a/', 'list')).allowed, true);
    assert.deepEqual(both.capabilities('a'), ['read']);
    // the path without the slash is asked whole, wildcards too, before the one with it
    const wild = aclOf('path "a*" { capabilities = ["list"] }\npath "ab/*" { capabilities = ["deny"] }');
    assert.equal(wild.answer(asked('ab/', 'list')).allowed, true);
    assert.equal(wild.answer(asked('ab/', 'read')).reason, 'acl-deny');
    assert.equal(wild.answer(asked('ab/c', 'list')).reason, 'acl-deny');
  });

  it('asks for sudo besides, where the path needs it', () => {
    const acl = aclOf(
      'path "sys/a" { capabilities = ["update"] }\npath "sys/b" { capabilities = ["update", "sudo"] }',
    );
    assert.equal(acl.answer(asked('sys/a', 'update', { needsSudo: true })).allowed, false);
    assert.equal(acl.answer(asked('sys/b', 'update', { needsSudo: true })).allowed, true);
    assert.equal(acl.answer(asked('sys/b', 'read', { needsSudo: true })).allowed, false);
  });

  it('asks for a wrapping within the bounds, the smaller of each kind', () => {
    const bounded = (...bounds: readonly string[]) =>
      aclOf(...bounds.map((bound) => `path "a" { capabilities = ["read", "list"]\n${bound} }`));
    const allows = (acl: ReturnType<typeof bounded>, wrapSeconds: number | null) => {
      const answer = acl.answer(asked('a', 'read', { wrapSeconds }));
      assert.equal(answer.reason, answer.allowed ? 'acl-policy' : 'acl-wrapping');
      return answer.allowed;
    };
    const given = [null, 1, 59, 60, 90, 120, 121] as const;
    const within = (acl: ReturnType<typeof bounded>) => given.filter((seconds) => allows(acl, seconds));
    assert.deepEqual(within(bounded('')), [...given]);
    assert.deepEqual(within(bounded('min_wrapping_ttl = "1m"')), [60, 90, 120, 121]);
    assert.deepEqual(within(bounded('max_wrapping_ttl = "2m"')), [1, 59, 60, 90, 120]);
    assert.deepEqual(within(bounded('min_wrapping_ttl = 60\nmax_wrapping_ttl = 120')), [60, 90, 120]);
    assert.deepEqual(
      within(bounded('min_wrapping_ttl = 90', 'min_wrapping_ttl = 60', '')),
      [60, 90, 120, 121],
    );
    assert.deepEqual(within(bounded('max_wrapping_ttl = 90', 'max_wrapping_ttl = 60')), [1, 59, 60]);
    // merged, nothing may be left between the bounds
    assert.deepEqual(within(bounded('max_wrapping_ttl = 60', 'min_wrapping_ttl = 90')), []);
    assert.equal(bounded('min_wrapping_ttl = 60').answer(asked('a', 'list')).reason, 'acl-wrapping');
    assert.equal(bounded('min_wrapping_ttl = 60').answer(asked('a', 'update')).reason, 'acl-policy');
  });

  it('looks at parameters where a request has any: not of a delete, a list, or a scan', () => {
    const acl = aclOf(`path "a" {
      capabilities = ["create", "read", "update", "patch", "delete", "list", "scan"]
      denied_parameters = { "x" = [] }
      required_parameters = ["y"]
    }`);
    for (const capability of ['create', 'read', 'update', 'patch'] as const) {
      assert.equal(acl.answer(asked('a', capability)).reason, 'acl-parameter');
      assert.equal(acl.answer(asked('a', capability, { parameters: { y: 1 } })).allowed, true);
      assert.equal(
        acl.answer(asked('a', capability, { parameters: { y: 1, x: 1 } })).reason,
        'acl-parameter',
      );
    }
    for (const capability of ['delete', 'list', 'scan'] as const)
      assert.equal(acl.answer(asked('a', capability, { parameters: { x: 1 } })).allowed, true);
  });

  it('says whether there is anything below a prefix', () => {
    const cases = {
      'secret/foo': {
        yes: ['', 'secret/', 'sec', 'secret/foo', 'secret/foo/'],
        no: ['other/', 'secret/foo/x', 'secret/fooo'],
      },
      'secret/foo/*': {
        yes: ['secret/', 'secret/foo/', 'secret/foo/bar/', 's'],
        no: ['secret/bar/', 'secrets/'],
      },
      'secret/f*': { yes: ['secret/', 'secret/foo/'], no: ['secret/b', 'other/'] },
      '*': { yes: ['', 'secret/'], no: [] },
      '+/foo': { yes: ['secret/', 'any', 'any/f', 'any/foo'], no: ['any/bar', 'any/foo/x'] },
      '+/foo/*': { yes: ['secret/', 'secret/foo/x/y/'], no: ['secret/bar/'] },
      'a/+/c*': { yes: ['a/', 'a/b', 'a/b/', 'a/b/cd/e', 'a/b/c'], no: ['a/b/d', 'b/'] },
      secret: { yes: ['secret/', 'secret'], no: ['secret/x'] },
    };
    for (const [path, { yes, no }] of Object.entries(cases)) {
      const acl = aclOf(`path "${path}" { capabilities = ["read"] }`);
      for (const prefix of yes) assert.equal(acl.hasAccessBelow(prefix), true, `${prefix} by ${path}`);
      for (const prefix of no) assert.equal(acl.hasAccessBelow(prefix), false, `${prefix} by ${path}`);
      assert.equal(acl.hasAccessBelow(`/${yes[0] ?? ''}`), true);
    }
    for (const list of ['["deny"]', '[]'])
      assert.equal(aclOf(`path "secret/*" { capabilities = ${list} }`).hasAccessBelow('secret/'), false);
  });

  it('finds the best of many rules', () => {
    const count = 1500;
    const blocks = Array.from(
      { length: count },
      (_, index) => `path "kv/t${index}/*" { capabilities = ["read"] }`,
    );
    const acl = aclOf(
      `${blocks.join('\n')}\npath "kv/+/secret" { capabilities = ["deny"] }\npath "kv/*" { capabilities = ["list"] }`,
    );
    assert.deepEqual(acl.capabilities(`kv/t${count - 1}/secret`), ['read']);
    assert.deepEqual(acl.capabilities('kv/other/secret'), ['deny']);
    assert.deepEqual(acl.capabilities('kv/other/x'), ['list']);
  });

  it('that is root gives everything', () => {
    assert.deepEqual(rootAcl.answer(asked('sys/anything', 'delete', { needsSudo: true })), {
      allowed: true,
      reason: 'acl-policy',
    });
    assert.deepEqual(rootAcl.capabilities('x'), ['root']);
    assert.equal(rootAcl.hasAccessBelow('x'), true);
    assert.equal(rootAcl.isRoot, true);
  });
});
