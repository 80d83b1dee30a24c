import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, getFips } from 'node:crypto';
import { StopError } from '#domain';

const recipe =
  'Install the provider (Debian 13: apt-get install openssl-provider-fips), run openssl fipsinstall -module .../fips.so -out ' +
  'fipsmodule.cnf, write a configuration that activates the providers fips and base in the section nodejs_init with ' +
  'default_properties = fips=yes, and set OPENSSL_CONF and OPENSSL_MODULES (docs/operations/fips.md has both files).';

function refused(problem: string): StopError {
  return new StopError('configuration-invalid', `CLAVIGER_FIPS=1: ${problem}. ${recipe}`);
}

/** Node's own switch refuses to start without the provider; what a program can set later proves nothing. */
function isEnforced(): boolean {
  const words = [...process.execArgv, ...(process.env['NODE_OPTIONS'] ?? '').split(/\s+/)];
  return words.some((word) => word === '--enable-fips' || word.startsWith('--force-fips'));
}

function offersMd5(): boolean {
  try {
    createHash('md5');
    return true;
  } catch {
    return false;
  }
}

/** Name and version of the module as OpenSSL's own program tells them; null where it is not there or tells nothing. */
function moduleFacts(): string | null {
  let text: string;
  try {
    text = execFileSync('openssl', ['list', '-providers', '-provider', 'fips', '-provider', 'base'], {
      encoding: 'utf8',
      timeout: 5000,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    return null;
  }
  return readProvider(text);
}

/** The facts of the provider `fips` in a list of providers. */
export function readProvider(text: string): string | null {
  const part = /^ {2}fips\n((?: {4}.*\n?)+)/m.exec(text)?.[1] ?? '';
  const name = /^ {4}name: ([ -~]{1,100})$/m.exec(part)?.[1];
  const version = /^ {4}version: ([ -~]{1,50})$/m.exec(part)?.[1];
  return name && version ? `module ${name} version ${version}` : null;
}

/** Makes sure that the FIPS provider works for this process; returns what may be said of it. Throws a StopError. */
export function requireFips(): string {
  if (!isEnforced()) throw refused('the process was not started with --enable-fips');
  if (getFips() !== 1 || offersMd5()) throw refused('the FIPS provider is not active');
  return `FIPS provider active, ${moduleFacts() ?? 'module and version not told (no openssl program that loads it)'}`;
}

/**
 * Puts a process that was started without `--enable-fips` in the place of itself with it, once it is sure that Node starts so.
 * Throws a StopError where it does not.
 */
export function restartForFips(): void {
  if (isEnforced()) return;
  const tried = spawnSync(process.execPath, ['--enable-fips', '--eval', '0'], {
    timeout: 20_000,
    stdio: 'ignore',
  });
  if (tried.status !== 0) throw refused('Node does not start with --enable-fips');
  const env = Object.fromEntries(
    Object.entries(process.env).filter((pair): pair is [string, string] => pair[1] !== undefined),
  );
  process.execve?.(
    process.execPath,
    [process.execPath, '--enable-fips', ...process.execArgv, ...process.argv.slice(1)],
    env,
  );
  throw refused('start it by node --enable-fips');
}
