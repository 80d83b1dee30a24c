import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { newHome, removeHome, startTestServer, type TestServer } from '../servers.ts';
import { makeCommands, matches, parseScript, play, whyNoTerminal } from './terminal.ts';

const folder = import.meta.dirname;
const scripts = fs.readdirSync(folder).filter((name) => name.endsWith('.term'));
const noTerminal = whyNoTerminal();

describe('the reader of scripts', () => {
  it('tells what is said from what is expected', () => {
    assert.ok(matches(['id  <id>', '...', 'end'], 'id  00000000-0000-4000-8000-000000000000\na\nb\nend\n'));
    assert.ok(matches([], ''));
    assert.ok(matches(['a.b'], 'a.b'));
    assert.ok(!matches(['a.b'], 'axb\n'));
    assert.ok(!matches(['a'], 'a\nb\n'));
    assert.ok(!matches(['a', 'b'], 'a\n'));
    assert.ok(!matches([], 'a\n'));
  });
});

for (const script of scripts) {
  describe(`the terminal: ${script}`, () => {
    let server: TestServer;
    const work = newHome();
    before(async () => {
      makeCommands(work);
      server = await startTestServer();
    });
    after(async () => {
      await server.stop();
      removeHome(server.home);
      removeHome(work);
    });
    for (const step of parseScript(fs.readFileSync(path.join(folder, script), 'utf8'))) {
      const skip = /\b(tty|typed) /.test(step.command) && noTerminal !== null ? noTerminal : false;
      it(`${step.line}: ${step.command}`, { skip }, () => play(step, work, server.env));
    }
  });
}
