import { spawn } from 'node:child_process';
import path from 'node:path';

// Everything that a change must pass before it is committed; a table of what took how long.

type Step = { readonly name: string; readonly command: readonly string[] };
type Done = { readonly step: Step; readonly seconds: number; readonly ok: boolean; readonly output: string };

const root = path.join(import.meta.dirname, '..');
const bin = (name: string): string => path.join(root, 'node_modules', '.bin', name);

const steps: readonly Step[] = [
  { name: 'format', command: [bin('biome'), 'format', '.'] },
  { name: 'types', command: [bin('tsc'), '--noEmit'] },
  { name: 'lint', command: [bin('oxlint'), '--type-aware', '--deny-warnings'] },
  { name: 'dead code', command: [bin('knip')] },
];
const tests: Step = { name: 'tests', command: [process.execPath, path.join(root, 'tools', 'test.ts')] };

function run(step: Step): Promise<Done> {
  const begin = performance.now();
  return new Promise((resolve) => {
    const [file = '', ...args] = step.command;
    const child = spawn(file, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.on('close', (code) => {
      resolve({ step, seconds: (performance.now() - begin) / 1000, ok: code === 0, output });
    });
  });
}

const done = await Promise.all(steps.map(run));
if (!process.argv.includes('--without-tests')) done.push(await run(tests));
for (const { step, ok, output } of done) if (!ok) process.stdout.write(`\n-- ${step.name}\n${output}\n`);
for (const { step, ok, seconds } of done) {
  process.stdout.write(`${ok ? 'ok    ' : 'FAILED'} ${step.name.padEnd(12)} ${seconds.toFixed(1)} s\n`);
}
process.exit(done.every(({ ok }) => ok) ? 0 : 1);
