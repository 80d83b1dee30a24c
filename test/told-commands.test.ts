import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { ceremonyKinds, ceremonyScript } from '#governance';
import { createProgram } from '../src/cli/program.ts';

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

  it('are there: in deadlines and documents', () => {
    const folders = ['due', 'documents'].map((name) =>
      path.join(import.meta.dirname, '..', 'src', 'governance', name),
    );
    const lines: string[] = [];
    for (const folder of folders)
      for (const name of fs.readdirSync(folder).filter((each) => !each.includes('.test.'))) {
        const text = fs.readFileSync(path.join(folder, name), 'utf8');
        for (const [line] of text.matchAll(/claviger [a-z]+[^`'")]*/g))
          if (!/^claviger \d/.test(line)) lines.push(line.replace(/\$\{[^}]*\}?/g, 'X').trim());
      }
    assert.ok(lines.length > 8, `only ${lines.length} lines were read`);
    for (const line of lines) assert.equal(faultOf(line.replace(/ X /, ' token ')), null);
  });
});
