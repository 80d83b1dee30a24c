import { execFileSync, spawn } from 'node:child_process';
import path from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { isRequired, removeHome, startTestServer, vaultWords, type TestServer } from '../../servers.ts';

const folder = path.join(import.meta.dirname, 'hvac');
const python = process.env['CLAVIGER_TEST_PYTHON'] ?? 'python3';

/** What a script says of one of its steps; `error` where it did not end as it must. */
type Step = { readonly step: string; readonly ms: number; readonly error?: string };

function hvacVersion(): string | null {
  const script = 'import importlib.metadata as m; print(m.version("hvac"))';
  try {
    return execFileSync(python, ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'] })
      .toString()
      .trim();
  } catch {
    return null;
  }
}

function whyNot(): string | false {
  const version = hvacVersion();
  const isThere = version !== null && Number.parseInt(version, 10) >= 2;
  if (isThere || isRequired('hvac')) return false;
  const found = version === null ? 'has no hvac' : `has hvac ${version}, which is too old`;
  return `${python} ${found}; name a Python that has it in CLAVIGER_TEST_PYTHON`;
}

const skip = whyNot();

/** Runs a script of the folder `hvac` against a server: what became of each of its steps, in order. */
async function runScript(name: string, server: TestServer): Promise<readonly Step[]> {
  const child = spawn(python, [path.join(folder, name)], {
    env: {
      PATH: process.env['PATH'],
      HOME: server.home,
      PYTHONDONTWRITEBYTECODE: '1',
      ...vaultWords(server),
      VAULT_ADDR: server.address,
      VAULT_TOKEN: server.env['VAULT_TOKEN'],
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let trouble = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    trouble += chunk.toString();
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`${name} ended with ${code}:\n${trouble}`);
  return output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Step);
}

/** One test of each step of a script, of which there are at least so many, against a fresh server. */
export function testTheme(
  name: string,
  stepsMin: number,
  start: () => Promise<TestServer> = startTestServer,
): void {
  describe(`hvac: ${name}`, { skip }, () => {
    let server: TestServer;
    before(async () => {
      server = await start();
    });
    after(async () => {
      await server.stop();
      removeHome(server.home);
    });

    it('does all its steps', { timeout: 300_000 }, async (context: TestContext) => {
      const steps = await runScript(name, server);
      for (const { step, error } of steps)
        await context.test(step, () => {
          if (error !== undefined) throw new Error(error);
        });
      if (steps.length < stepsMin) throw new Error(`only ${steps.length} steps of at least ${stepsMin}`);
    });
  });
}
