import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  attestationSubjectIds,
  ceremonyKinds,
  ceremonyScript,
  documentKinds,
  documentOf,
  dueOf,
} from '#governance';
import { createProgram } from '../src/cli/program.ts';
import {
  factsOfKey,
  headOf,
  judgedAt,
  keyOf,
  populationOf,
  principalOf,
} from '../src/governance/population.fixture.ts';

type Command = ReturnType<typeof createProgram>;

/** The command of these words, and the words that are left. */
function find(words: readonly string[]): { command: Command; rest: readonly string[] } {
  let command = createProgram();
  for (const [at, word] of words.entries()) {
    const next = command.commands.find((each) => each.name() === word);
    if (!next) return { command, rest: words.slice(at) };
    command = next;
  }
  return { command, rest: [] };
}

/** What is wrong with a line that people are told to type; null: there is such a command with such options. */
function faultOf(line: string): string | null {
  const [program, ...words] = line.match(/'[^']*'|\S+/g) ?? [];
  if (program !== 'claviger') return null;
  if (words[0] === '--version') return null;
  const { command, rest } = find(words);
  if (command.commands.length > 0) return `${line}: no such command`;
  for (const word of rest) {
    const known = command.options.some((option) => option.long === word);
    if (word.startsWith('--') && !known) return `${line}: no option ${word}`;
  }
  for (const option of command.options)
    if (option.mandatory && !rest.includes(option.long ?? '')) return `${line}: ${option.long} is missing`;
  return null;
}

const credentialOf = (kind: string) => ({
  kind: kind as 'token',
  id: kind,
  createdAt: judgedAt,
  expiresAt: judgedAt + 1,
});

describe('the commands that people are told', () => {
  it('are there, with their options: in the scripts of ceremonies', () => {
    let seen = 0;
    for (const kind of ceremonyKinds) {
      const to = kind === 'root-migration' ? 'file:/root' : null;
      const wish = {
        kind,
        to,
        date: '2026-06-01',
        place: 'x',
        custodians: ['a', 'b'],
        threshold: 2,
        software: 's',
      };
      for (const { blocks } of ceremonyScript(wish).sections)
        for (const block of blocks) {
          if (block.kind !== 'lines') continue;
          for (const line of block.lines) {
            assert.equal(faultOf(line), null);
            seen += 1;
          }
        }
    }
    assert.ok(seen > 40, `only ${seen} lines were read`);
  });

  it('are there, with their options: in deadlines', async () => {
    const head = headOf({
      principals: [
        { principal: principalOf({ name: 'ada' }), credentials: ['access-key', 'token'].map(credentialOf) },
      ],
      attestations: attestationSubjectIds.map((subject) => ({
        id: subject,
        subject,
        statement: 'x',
        reference: null,
        by: 'ada',
        at: judgedAt - 1,
        until: judgedAt + 1,
      })),
    });
    const destruction = { requestedAt: judgedAt, dueAt: judgedAt + 1, waitingDays: 7 };
    const imported = { isPresent: true, expiresAt: judgedAt + 1 };
    const extension = { id: 'x', version: 1, act: 'protect', until: judgedAt + 1, otherwise: 1 } as const;
    const periodTerms = { rotates: false, destroysAtEnd: true };
    const keys = [
      keyOf({ id: 'a', destruction }),
      keyOf({ id: 'b', origin: 'imported', imported, periodTerms }),
      keyOf({ id: 'c', periodExtensions: [extension], periodTerms }),
    ].map((key) => {
      const versions = key.versions.map((version) => {
        return { ...version, cryptoPeriod: { ...version.cryptoPeriod, recipientSeconds: 1e8 } };
      });
      return factsOfKey({ ...key, versions });
    });
    const due = await dueOf(populationOf(head, keys), { withinMillis: 1e12, limit: 1000 });
    const lines = due.deadlines.flatMap(({ command }) => command ?? []);
    assert.ok(new Set(lines).size > attestationSubjectIds.length + 6, lines.join('; '));
    for (const line of lines) assert.equal(faultOf(line), null);
  });

  it('are there, with their options: in what documents miss', async () => {
    let seen = 0;
    for (const kind of documentKinds) {
      const { missing, sections } = await documentOf(populationOf(headOf(), []), kind);
      for (const [, line] of JSON.stringify([missing, sections]).matchAll(
        /\((?:each: )?(claviger [a-z][^)]*)\)/g,
      )) {
        assert.equal(faultOf(line ?? ''), null);
        seen += 1;
      }
    }
    assert.ok(seen > 10, `only ${seen} lines were read`);
  });
});
