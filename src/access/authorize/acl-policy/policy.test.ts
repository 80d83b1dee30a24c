import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ClavigerError } from '#domain';
import { type AclRule, capabilities, parseAclPolicy } from './policy.ts';

const nothing: Omit<AclRule, 'path'> = {
  capabilities: [],
  allowedParameters: null,
  deniedParameters: null,
  requiredParameters: [],
  minWrappingSeconds: null,
  maxWrappingSeconds: null,
};

function only(text: string): AclRule {
  const { rules } = parseAclPolicy(text);
  assert.equal(rules.length, 1);
  return rules[0] as AclRule;
}

/** The rule of a path block with this body. */
const body = (text: string) => only(`path "p" {\n${text}\n}`);

function refusal(text: string): ClavigerError {
  try {
    parseAclPolicy(text);
  } catch (error) {
    assert.ok(error instanceof ClavigerError, String(error));
    assert.equal(error.code, 'policy-malformed');
    return error;
  }
  assert.fail(`accepted: ${text.slice(0, 200)}`);
}

function refused(text: string, line: number, column: number, why: RegExp): void {
  const error = refusal(text);
  assert.deepEqual(error.details, { line, column }, error.message);
  assert.match(error.message, why);
  assert.ok(error.message.startsWith(`The policy is malformed at line ${line}, column ${column}: `));
}

describe('an ACL policy in HCL', () => {
  it('is read with all that a path block may hold', () => {
    const text = `
# comments of every kind
// like this
/* and
   this */
name = "operators"

path "transit/encrypt/orders" {
  comment             = "for the shop"
  capabilities        = ["update", "create",] # order means nothing
  allowed_parameters  = {
    "plaintext" = []
    Key_Version = [1, 2.5, -3, 0x10]
    "*" = []
  }
  denied_parameters { context = ["a*", true, { "deep" = ["x"] }] }
  required_parameters = ["Plaintext", "plaintext", "context"]
  min_wrapping_ttl    = "1m30s"
  max_wrapping_ttl    = 3600
}
path "secret/data/+/ci/*" { capabilities = ["read"] }
path "sys/*" { capabilities = ["read", "deny", "sudo"] }
"path" "quoted" {}
`;
    assert.deepEqual(parseAclPolicy(text).rules, [
      {
        path: 'transit/encrypt/orders',
        capabilities: ['create', 'update'],
        allowedParameters: { plaintext: [], key_version: [1, 2.5, -3, 16], '*': [] },
        deniedParameters: { context: ['a*', true, { deep: ['x'] }] },
        requiredParameters: ['plaintext', 'context'],
        minWrappingSeconds: 90,
        maxWrappingSeconds: 3600,
      },
      { ...nothing, path: 'secret/data/+/ci/*', capabilities: ['read'] },
      { ...nothing, path: 'sys/*', capabilities: ['deny'] },
      { ...nothing, path: 'quoted' },
    ]);
  });

  it('may be empty, hold comments alone, begin with a byte order mark, and end its lines as Windows does', () => {
    for (const text of ['', ' \n', '# nothing', '/**/', '//', '\uFEFF# x'])
      assert.deepEqual(parseAclPolicy(text), { rules: [] });
    assert.equal(only('\uFEFF# one\r\npath "a" {\r\n  capabilities = ["read"]\r\n}\r\n').path, 'a');
  });

  it('may name a path more than once, and every capability', () => {
    assert.equal(parseAclPolicy('path "a" {}\npath "a" {}').rules.length, 2);
    for (const name of capabilities)
      assert.deepEqual(body(`capabilities = ["${name}"]`).capabilities, [name]);
  });

  it('knows the older word for sets of capabilities, beside the newer one', () => {
    const cases = {
      read: ['read', 'list'],
      write: ['create', 'read', 'update', 'delete', 'list'],
      sudo: ['create', 'read', 'update', 'delete', 'list', 'sudo'],
      deny: ['deny'],
    };
    for (const [word, expected] of Object.entries(cases)) {
      assert.deepEqual(body(`policy = "${word}"`).capabilities, expected);
      assert.deepEqual(only(`{"path":{"p":{"policy":"${word}"}}}`).capabilities, expected);
    }
    assert.deepEqual(body('policy = "read"\ncapabilities = ["patch"]').capabilities, [
      'read',
      'patch',
      'list',
    ]);
    assert.deepEqual(body('policy = "deny"\ncapabilities = ["read"]').capabilities, ['deny']);
    refused('path "p" { policy = "admin" }', 1, 21, /"deny", "read", "write" or "sudo"/);
  });

  it('reads escapes, and heredocs with and without indentation', () => {
    const allowed = (text: string) => body(`allowed_parameters = { v = [${text}] }`).allowedParameters?.['v'];
    assert.deepEqual(allowed(String.raw`"\"\\\n\t\r\b\f", "\u00e9\U0001F511", "a	b"`), [
      '"\\\n\t\r\b\f',
      'é🔑',
      'a\tb',
    ]);
    assert.deepEqual(body('allowed_parameters = { v = [<<END\none\n  two\nEND\n] }').allowedParameters, {
      v: ['one\n  two\n'],
    });
    assert.deepEqual(allowed('<<-END\n    one\n      two\n    END\n'), ['one\n  two\n']);
    assert.deepEqual(allowed('<<-END\n  one\n    END\n'), ['  one\n']);
  });

  it('treats bounds of nothing as none, and refuses bounds with nothing between them', () => {
    assert.equal(body('min_wrapping_ttl = 0').minWrappingSeconds, null);
    assert.equal(body('max_wrapping_ttl = "0s"').maxWrappingSeconds, null);
    assert.equal(body('max_wrapping_ttl = "45"').maxWrappingSeconds, 45);
    refused('\npath "p" {\n min_wrapping_ttl = "2m"\n max_wrapping_ttl = 60\n}', 2, 1, /less than/);
    refused('path "p" { min_wrapping_ttl = "soon" }', 1, 31, /a duration is expected/);
    refused('path "p" { min_wrapping_ttl = true }', 1, 31, /a duration is expected/);
    refused('path "p" { min_wrapping_ttl = ["1s"] }', 1, 31, /a duration is expected/);
    refused('path "p" { min_wrapping_ttl = -1 }', 1, 31, /a duration is expected/);
  });

  it('says where it is malformed, and what is expected', () => {
    refused('path "a" {\n  capabilities = ["reed"]\n}', 2, 19, /"reed" is unknown; known are create, read/);
    refused('path "a" {\n  capabilities = "read"\n}', 2, 18, /a list of strings is expected/);
    refused('path "a" { capabilities = [1] }', 1, 28, /a string is expected/);
    refused('path "a" { capabilities = ["read" "list"] }', 1, 35, /"," is expected, not a string/);
    refused('path "a" { capabilities = ["read"', 1, 34, /"," is expected, not the end/);
    refused('path "a" { ', 1, 12, /"}" is expected, not the end/);
    refused('path "a" { } }', 1, 14, /a name is expected, not "}"/);
    refused('path "a" [ ]', 1, 10, /"{" is expected/);
    refused('path "a" = { }', 1, 10, /"{" is expected, not "="/);
    refused('path "a"', 1, 9, /"{" is expected, not the end/);
    refused('path { }', 1, 1, /a path block is written/);
    refused('path = "a"', 1, 1, /a path block is written/);
    refused('path "a" "b" { }', 1, 1, /a path block is written/);
    refused('paths "a" { }', 1, 1, /"paths" is unknown here; path is known/);
    refused('name "a" { }', 1, 1, /"name" is unknown here/);
    refused('name = 1', 1, 8, /a string is expected/);
    refused('path "a" { allow = [] }', 1, 12, /"allow" is unknown; known are comment, policy/);
    refused('path "a" { Capabilities = [] }', 1, 12, /"Capabilities" is unknown/);
    refused('path "a" { capabilities x {} }', 1, 12, /takes no name/);
    refused('path "a" { comment = 5 }', 1, 22, /a string is expected/);
    refused('path "a" { capabilities = [] capabilities = ["read"] }', 1, 30, /a second time/);
    refused('path "a" { required_parameters = { } }', 1, 34, /a list of strings/);
    refused('path "a" { allowed_parameters = [] \n denied_parameters = 5 }', 2, 22, /an object is expected/);
    refused('path "a" { allowed_parameters = { x = "y" } }', 1, 39, /a list of values/);
    refused('path "a" { allowed_parameters = { x = [], X = [] } }', 1, 43, /"X" stands here a second time/);
    refused('path "a" { allowed_parameters = { x = [{ a = 1, a = 2 }] } }', 1, 49, /a second time/);
    refused('path "a" { allowed_parameters = { x = [{ a "b" { c = 1 } }] } }', 1, 48, /"=" is expected/);
    refused('path "a" ~', 1, 10, /"~" is not expected here/);
    refused("path 'a' {}", 1, 6, /"'" is not expected here/);
    refused('x = 007', 1, 5, /"0" is not expected here/);
    refused('x = 1z', 1, 5, /"1" is not expected here/);
    refused(`x = ${'9'.repeat(17)}`, 1, 5, /too large/);
    refused('x = 1e999', 1, 5, /too large/);
    refused('x = null', 1, 5, /a value is expected, not a word/);
    refused('/* path "a" {}', 1, 1, /has no end/);
    refused('\n"path', 2, 1, /does not end on its line/);
    refused('path "a\nb" {}', 1, 6, /does not end on its line/);
    refused('path "a\u0001" {}', 1, 6, /does not end on its line/);
    refused(String.raw`path "a\q" {}`, 1, 8, /this escape is unknown/);
    refused(String.raw`path "\u12" {}`, 1, 7, /this escape is unknown/);
    refused(String.raw`path "\U00110000" {}`, 1, 7, /this escape is unknown/);
    refused('path "${var.x}" {}', 1, 6, /interpolation/);
    refused('x = <<END\nabc\n', 1, 5, /no line "END"/);
    refused('x = << END\nEND\n', 1, 5, /a heredoc begins/);
    refused('[]', 1, 1, /a name is expected/);
  });

  it('refuses paths that can mean nothing', () => {
    refused('path "a/+*" {}', 1, 1, /"\+\*" has no meaning/);
    refused('path "a/{{identity.entity.id}" {}', 1, 1, /not balanced/);
    refused('path "a/{{time.now}}" {}', 1, 1, /template is unknown/);
    refused(String.raw`path "a\n" {}`, 1, 1, /control character/);
    refused('{"path":{"a\\u0000":{}}}', 1, 10, /control character/);
  });

  it('refuses what nothing here would enforce', () => {
    for (const field of [
      'control_group',
      'mfa_methods',
      'expiration',
      'pagination_limit',
      'subscribe_event_types',
    ])
      refused(`path "a" { ${field} = ["x"] }`, 1, 12, new RegExp(`${field} is not supported`));
  });

  it('has bounds, and never repeats a long text', () => {
    const long = 'x'.repeat(100_000);
    for (const text of [
      `path "a" { capabilities = ["${long}"] }`,
      `${long} = 1`,
      `path "${long}+*" {}`,
      `"${long}`,
    ])
      assert.ok(refusal(text).message.length < 300);
    assert.match(refusal('#'.repeat(131_073)).message, /131073 characters, and 131072 are allowed/);
    assert.deepEqual(parseAclPolicy('#'.repeat(131_072)).rules, []);
    assert.equal(parseAclPolicy('path "a" {}\n'.repeat(2000)).rules.length, 2000);
    refused('path "a" {}\n'.repeat(2001), 2001, 1, /more than 2000 path blocks/);
    assert.match(refusal(`x = ${'['.repeat(100_000)}`).message, /deeper than 16/);
    assert.match(refusal(`x = ${'{a='.repeat(30_000)}`).message, /deeper than 16/);
    assert.match(refusal(`{"path":${'['.repeat(100_000)}`).message, /deeper than 16/);
  });
});

describe('an ACL policy in JSON', () => {
  it('is read as a map and as a list', () => {
    const block = {
      capabilities: ['read'],
      allowed_parameters: { a: ['x', 1, true, null, { b: [] }], __proto__x: [] },
      denied_parameters: [{ b: [] }, { c: ['é\n\u007f\u0085'] }],
      min_wrapping_ttl: '10s',
    };
    const rule = {
      ...nothing,
      path: 'p/*',
      capabilities: ['read'],
      allowedParameters: { a: ['x', 1, true, null, { b: [] }], __proto__x: [] },
      deniedParameters: { b: [], c: ['é\n\u007f\u0085'] },
      minWrappingSeconds: 10,
    };
    for (const path of [{ 'p/*': block }, [{ 'p/*': block }], { 'p/*': [block] }])
      assert.deepEqual(parseAclPolicy(JSON.stringify({ name: 'x', path }, null, 2)).rules, [rule]);
    assert.deepEqual(
      parseAclPolicy(JSON.stringify({ path: { a: [{}, {}], b: {} } })).rules.map(({ path }) => path),
      ['a', 'a', 'b'],
    );
    assert.deepEqual(parseAclPolicy('{}'), { rules: [] });
    assert.deepEqual(parseAclPolicy('\uFEFF\r\n\t {"path":[]}'), { rules: [] });
  });

  it('takes a name that objects have anyway as any other', () => {
    const { allowedParameters } = only('{"path":{"__proto__":{"allowed_parameters":{"__proto__":["x"]}}}}');
    assert.ok(allowedParameters);
    assert.deepEqual(Object.keys(allowedParameters), ['__proto__']);
    assert.equal(Object.getPrototypeOf(allowedParameters), Object.prototype);
  });

  it('is as strict as JSON, and refuses a name twice', () => {
    refused('{"path":{},}', 1, 12, /a name in quotes is expected, not "}"/);
    refused('{"path":{"a":{"capabilities":["read",]}}}', 1, 38, /a value is expected, not "\]"/);
    refused('{path:{}}', 1, 2, /a name in quotes/);
    refused('{"path"={}}', 1, 8, /"=" is not expected here/);
    refused('{"path" {}}', 1, 9, /":" is expected/);
    refused('{"path":{} "name":"x"}', 1, 12, /"," is expected/);
    refused('{"path":{}} x', 1, 13, /the end is expected/);
    refused('{"path":{}} {}', 1, 13, /the end is expected/);
    refused('{"path":{}', 1, 11, /"," is expected, not the end|"}" is expected, not the end/);
    refused('{ # no\n"path":{}}', 1, 3, /"#" is not expected here/);
    refused('{"a":"\t"}', 1, 6, /does not end on its line/);
    refused('{"a":"\\U00000041"}', 1, 7, /this escape is unknown/);
    refused('{"a":0x10}', 1, 6, /"0" is not expected here/);
    refused('{"path":{"a":{"allowed_parameters":null}}}', 1, 36, /an object is expected/);
    refused('{"path":"a"}', 1, 9, /an object is expected/);
    refused('{"path":{},"path":{}}', 1, 12, /a second time/);
    refused('{"path":{"a":{},"a":{}}}', 1, 17, /a second time/);
    refused('{"path":{"a":{"policy":"read","policy":"read"}}}', 1, 31, /a second time/);
    refused('{"rules":[]}', 1, 2, /"rules" is unknown here/);
    assert.equal(only(String.raw`{"path":{"a\/b\u002f${'${x}'}":{}}}`).path, 'a/b/${x}');
  });
});
