import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { htmlOf } from '../documents/html.ts';
import { markdownOf } from '../documents/markdown.ts';
import { ceremonyRoles, roleFaults, type RoleHolder } from './roles.ts';
import {
  ceremonyKinds,
  ceremonyScript,
  recordTemplate,
  stepsOf,
  wishFaults,
  type ScriptWish,
} from './script.ts';

const wishOf = (about: Partial<ScriptWish> = {}): ScriptWish => ({
  kind: 'root-in-shares',
  date: '2026-06-01',
  place: 'room 7',
  custodians: ['cleo', 'cora', 'cyr'],
  threshold: 2,
  to: null,
  software: 'claviger 0.0.0',
  ...about,
});

const toOf = (kind: ScriptWish['kind']) =>
  kind === 'root-migration' ? 'pkcs11:token=keys;object=root' : null;

describe('the script of a ceremony', () => {
  it('is the same for the same wish, and another one for another', () => {
    const texts = new Set<string>();
    for (const kind of ceremonyKinds) {
      const wish = wishOf({ kind, to: toOf(kind) });
      assert.deepEqual(wishFaults(wish), []);
      assert.equal(markdownOf(ceremonyScript(wish)), markdownOf(ceremonyScript(wish)));
      texts.add(markdownOf(ceremonyScript(wish)));
      texts.add(markdownOf(ceremonyScript({ ...wish, threshold: 3 })));
      assert.ok(htmlOf(ceremonyScript(wish)).includes('Step 1 (leader)'));
    }
    assert.equal(texts.size, 2 * ceremonyKinds.length);
  });

  it('counts its steps, has a time and a signature for each duty, and names every custodian', () => {
    const wish = wishOf();
    const steps = stepsOf(wish);
    assert.deepEqual(
      steps.map(({ number }) => number),
      steps.map((_step, at) => at + 1),
    );
    const { sections } = ceremonyScript(wish);
    const times = sections.find(({ title }) => title === 'Times')?.blocks[0];
    assert.equal(times?.kind === 'table' && times.rows.length, steps.length);
    const last = sections.at(-1)?.blocks[0];
    const who = last?.kind === 'signatures' ? last.who : [];
    for (const name of wish.custodians) assert.ok(who.includes(`Custodian: ${name}`));
    for (const [at, name] of wish.custodians.entries())
      assert.ok(steps.some(({ what }) => what.startsWith(`${name} takes share ${at + 1} of 3`)));
  });

  it('asks for as many shares as it takes, twice', () => {
    const typed = stepsOf(wishOf()).flatMap(({ commands }) => commands);
    assert.equal(typed.filter((command) => command === 'claviger unseal').length, 4);
    assert.ok(typed.includes('claviger init --shares 3 --threshold 2 --out-dir SHARES'));
  });

  it('is not written of what can not be', () => {
    const wrong: readonly Partial<ScriptWish>[] = [
      { custodians: ['cleo'], threshold: 1 },
      { custodians: Array.from({ length: 17 }, (_all, at) => `c${at}`) },
      { custodians: ['cleo', 'cleo'] },
      { custodians: ['cleo', '--threshold'] },
      { custodians: ['cleo', 'a;b'] },
      { custodians: ['cleo', ''] },
      { threshold: 1 },
      { threshold: 4 },
      { threshold: 2.5 },
      { date: '2026-02-30' },
      { date: 'soon' },
      { to: 'file:/x' },
      { kind: 'root-migration' },
      { kind: 'root-migration', to: '--rewrap' },
      { kind: 'root-migration', to: 'file:/a\nb' },
    ];
    for (const about of wrong) assert.ok(wishFaults(wishOf(about)).length > 0, JSON.stringify(about));
  });

  it('quotes a new root, so that a shell takes it for one word', () => {
    const to = 'pkcs11:token=the keys;object=root'.replace(' ', '%20');
    const typed = stepsOf(wishOf({ kind: 'root-migration', to })).flatMap(({ commands }) => commands);
    assert.ok(typed.includes(`claviger root migrate --to '${to}' --rewrap`));
  });

  it('has a record to fill in, with its steps', () => {
    const record = recordTemplate(wishOf(), 'ab'.repeat(32));
    assert.deepEqual(
      record.steps.map(({ step }) => step),
      stepsOf(wishOf()).map(({ number }) => number),
    );
    assert.equal(record.script, 'ab'.repeat(32));
  });
});

const team: readonly RoleHolder[] = [
  { role: 'leader', person: 'lea' },
  { role: 'operator', person: 'otto' },
  { role: 'custodian', person: 'cleo' },
  { role: 'custodian', person: 'cora' },
  { role: 'witness', person: 'wim' },
];

describe('the duties at a ceremony', () => {
  it('are those of different persons, but for leader and operator', () => {
    assert.deepEqual(roleFaults(team), []);
    assert.deepEqual(
      roleFaults(team.map((each) => ({ ...each, person: each.person.replace('otto', 'lea') }))),
      [],
    );
    assert.deepEqual(roleFaults([...team, { role: 'auditor', person: 'ann' }]), []);
    for (const role of ceremonyRoles)
      for (const { person, role: other } of team) {
        const isTogether =
          (role === 'leader' && other === 'operator') || (role === 'operator' && other === 'leader');
        assert.equal(
          roleFaults([...team, { role, person }]).length === 0,
          isTogether,
          `${person} as ${role}`,
        );
      }
  });

  it('can not be filled by fewer persons than dual control needs, however they are spread', () => {
    const holders = fc.array(
      fc.record({ role: fc.constantFrom(...ceremonyRoles), person: fc.constantFrom('a', 'b', 'c') }),
      { maxLength: 12 },
    );
    // a leader who types, two custodians, a witness: four at least
    fc.assert(fc.property(holders, (all) => assert.ok(roleFaults(all).length > 0)));
  });
});
