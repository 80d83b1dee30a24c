import fs from 'node:fs';
import path from 'node:path';
import { createClient, type Client } from '#sdk';
import { loadConfig, localAddress } from '#server';
import { CliError, exitCodes } from './output.ts';

/** The home that a checkout uses, where the program runs from one. */
export function checkoutHome(): string | null {
  const root = path.join(import.meta.dirname, '..', '..');
  return fs.existsSync(path.join(root, 'src', 'cli', 'main.ts')) &&
    fs.existsSync(path.join(root, 'package-lock.json'))
    ? path.join(root, '.claviger')
    : null;
}

function readEnvFile(file: string): Readonly<Record<string, string>> {
  let text: string;
  try {
    text = fs.readFileSync(file, 'utf8');
  } catch {
    return {};
  }
  const found: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const match = /^export ([A-Z_]+)='([^']*)'$/.exec(line);
    if (match?.[1]) found[match[1]] = match[2] ?? '';
  }
  return found;
}

function readToken(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8').trim();
  } catch {
    throw new CliError(exitCodes.usage, `The token file ${file} can't be read.`);
  }
}

/**
 * A client for the server that the environment names (CLAVIGER_ADDR, CLAVIGER_TOKEN or CLAVIGER_TOKEN_FILE), else for the
 * one on this machine, with the credentials that its first start wrote.
 */
export function connect(): Client {
  const { env } = process;
  const config = loadConfig({ env, checkoutHome: checkoutHome() });
  const local = readEnvFile(path.join(config.home, 'credentials.env'));
  const address = env['CLAVIGER_ADDR'] ?? local['CLAVIGER_ADDR'] ?? localAddress(config);
  const tokenFile = env['CLAVIGER_TOKEN_FILE'];
  const token = env['CLAVIGER_TOKEN'] ?? (tokenFile ? readToken(tokenFile) : local['CLAVIGER_TOKEN']);
  if (!token) {
    throw new CliError(
      exitCodes.denied,
      'There is no token.',
      'set CLAVIGER_TOKEN or CLAVIGER_TOKEN_FILE, or source credentials.env of the server',
    );
  }
  return createClient({ address, token });
}
