import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compileAcl } from './compile.ts';
import { parseAclPolicy } from './policy.ts';
import { type AclSubject, fillPath, templateFault } from './template.ts';

const subject: AclSubject = {
  entity: {
    id: 'e-1',
    name: 'bob',
    metadata: { team: 'shop', 'cost.center': '42', empty: '' },
    aliases: {
      auth_jwt_1: {
        id: 'a-1',
        name: 'repo:org/app',
        metadata: { ref: 'main' },
        customMetadata: { desk: '7' },
      },
      auth_none: { id: '', name: '', metadata: {} },
    },
  },
  groups: [
    { id: 'g-1', name: 'admins', metadata: { area: 'eu' } },
    { id: 'g-2', name: 'dev', metadata: {} },
  ],
};

const filled = (path: string, who: AclSubject | null = subject) => fillPath(path, who)?.text;

describe('a template', () => {
  it('speaks of the entity, its aliases and its groups', () => {
    const cases = {
      'a/{{identity.entity.id}}': 'a/e-1',
      '{{ identity.entity.name }}/*': 'bob/*',
      'a/{{identity.entity.metadata.team}}/{{identity.entity.id}}': 'a/shop/e-1',
      '{{identity.entity.metadata.cost.center}}': '42',
      '{{identity.entity.aliases.auth_jwt_1.id}}': 'a-1',
      'a/{{identity.entity.aliases.auth_jwt_1.name}}/*': 'a/repo:org/app/*',
      '{{identity.entity.aliases.auth_jwt_1.metadata.ref}}': 'main',
      '{{identity.entity.aliases.auth_jwt_1.custom_metadata.desk}}': '7',
      '{{identity.groups.ids.g-1.name}}': 'admins',
      '{{identity.groups.ids.g-1.id}}': 'g-1',
      '{{identity.groups.names.dev.id}}': 'g-2',
      '{{identity.groups.names.admins.metadata.area}}': 'eu',
      'no/template': 'no/template',
    };
    for (const [path, expected] of Object.entries(cases)) {
      assert.equal(templateFault(path), null, path);
      assert.equal(filled(path), expected);
    }
  });

  it('without a value makes its rule match nothing', () => {
    const absent = [
      '{{identity.entity.metadata.other}}',
      '{{identity.entity.metadata.empty}}',
      '{{identity.entity.metadata.constructor}}',
      '{{identity.entity.metadata.__proto__}}',
      '{{identity.entity.aliases.auth_ldap.name}}',
      '{{identity.entity.aliases.auth_jwt_1.custom_metadata.ref}}',
      '{{identity.entity.aliases.auth_none.custom_metadata.desk}}',
      '{{identity.entity.aliases.auth_jwt_1.custom_metadata.constructor}}',
      '{{identity.entity.aliases.constructor.name}}',
      '{{identity.entity.aliases.auth_none.id}}',
      '{{identity.groups.ids.g-3.name}}',
      '{{identity.groups.names.g-1.id}}',
      '{{identity.groups.names.dev.metadata.area}}',
    ];
    for (const path of absent) {
      assert.equal(templateFault(path), null, path);
      assert.equal(filled(`x/${path}*`), undefined, path);
    }
    for (const who of [null, { entity: null, groups: [] }])
      for (const path of ['{{identity.entity.id}}', '{{identity.groups.names.dev.id}}'])
        assert.equal(filled(path, who), undefined);
    assert.equal(filled('plain', null), 'plain');
  });

  it('must be balanced and known', () => {
    for (const path of [
      '{{',
      '}}',
      'a}}b{{',
      '{{identity.entity.id',
      '{{{{identity.entity.id}}}}',
      '{{a}}}}',
    ])
      assert.match(templateFault(path) ?? '', /not balanced/, path);
    const unknown = [
      '{{}}',
      '{{identity.entity}}',
      '{{identity.entity.}}',
      '{{identity.entity.groups.ids}}',
      '{{identity.entity.metadata}}',
      '{{identity.entity.metadata.}}',
      '{{identity.entity.aliases.x}}',
      '{{identity.entity.custom_metadata.y}}',
      '{{identity.entity.aliases.x.custom_metadata}}',
      '{{identity.groups.ids.g}}',
      '{{identity.groups.others.g.id}}',
      '{{time.now}}',
      '{{Identity.entity.id}}',
    ];
    for (const path of unknown) assert.match(templateFault(`a/${path}`) ?? '', /template is unknown/, path);
  });

  it('never brings a wildcard: what a subject is called is what it is called', () => {
    const policy = parseAclPolicy(`
      path "home/{{identity.entity.name}}"   { capabilities = ["read"] }
      path "tree/{{identity.entity.name}}/*" { capabilities = ["read"] }
    `);
    const acl = (name: string) =>
      compileAcl([policy], { entity: { id: 'e', name, metadata: {}, aliases: {} }, groups: [] });
    for (const name of ['*', '+', 'a*', '+/+', 'a/*', '{{identity.entity.id}}']) {
      assert.deepEqual(acl(name).capabilities(`home/${name}`), ['read'], name);
      assert.deepEqual(acl(name).capabilities(`tree/${name}/x/y`), ['read'], name);
      for (const other of ['home/x', 'home/a', 'home/ab', 'home/x/y', 'home/a/b', 'tree/x/y', 'tree/a/b/c'])
        assert.deepEqual(acl(name).capabilities(other), ['deny'], `${name} of ${other}`);
    }
    for (const name of ['', 'a\0b', 'a\nb'])
      assert.deepEqual(acl(name).capabilities(`home/${name}`), ['deny']);
  });

  it('joins the rules of a path however it came to be', () => {
    const policies = [
      parseAclPolicy('path "home/{{identity.entity.name}}" { capabilities = ["read"] }'),
      parseAclPolicy('path "home/bob" { capabilities = ["update"] }'),
      parseAclPolicy('path "home/{{identity.groups.ids.g-2.name}}" { capabilities = ["deny"] }'),
      parseAclPolicy('path "home/dev" { capabilities = ["read"] }'),
    ];
    assert.deepEqual(compileAcl(policies, subject).capabilities('home/bob'), ['read', 'update']);
    assert.deepEqual(compileAcl(policies, subject).capabilities('home/dev'), ['deny']);
    assert.deepEqual(compileAcl(policies, null).capabilities('home/dev'), ['read']);
  });

  it('keeps shape and text of one length, and wildcards only where the author put them', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        const who: AclSubject = { entity: { id: 'e', name, metadata: {}, aliases: {} }, groups: [] };
        const found = fillPath('+/{{identity.entity.name}}*', who);
        if (!found) return;
        assert.equal(found.text, `+/${name}*`);
        assert.equal(found.shape.length, found.text.length);
        assert.match(found.shape, /^\+\/[x/]+\*$/);
      }),
    );
  });
});
