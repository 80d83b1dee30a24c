import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { loadConfig, type Config } from './config.ts';
import { createLogger, type Logger } from './logger.ts';

/** A folder that goes when the test ends. */
export function temporaryFolder(test: Pick<TestContext, 'after'>): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'claviger-server-'));
  test.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The configuration of a node in a home, on a port that the system chooses. */
export function configOf(home: string, env: Readonly<Record<string, string>> = {}): Config {
  return loadConfig({ env: { CLAVIGER_HOME: home, CLAVIGER_LISTEN: '127.0.0.1:0', ...env } });
}

/** A logger that keeps its lines. */
export function recordingLogger(): { logger: Logger; lines: () => readonly Record<string, unknown>[] } {
  const lines: string[] = [];
  const logger = createLogger('debug', (line) => lines.push(line) > 0);
  return { logger, lines: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

/** What a `credentials.env` sets. */
export function readCredentials(home: string): Record<string, string> {
  const text = fs.readFileSync(path.join(home, 'credentials.env'), 'utf8');
  return Object.fromEntries(
    [...text.matchAll(/^export ([A-Z_]+)='(.*)'$/gm)].map((match) => [match[1], match[2]]),
  );
}
