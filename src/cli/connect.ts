import fs from 'node:fs';
import path from 'node:path';
import tls from 'node:tls';
import {
  createClient,
  createCustodian,
  createSecrets,
  createTransit,
  type Client,
  type ClientOptions,
  type Custodian,
  type Secrets,
  type Transit,
} from '#sdk';
import { loadConfig, localAddress } from '#server/configuration';
import { checkoutHome } from './checkout-home.ts';
import { CliError, exitCodes } from './exit.ts';

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

function readSetting(file: string, what: string): string {
  try {
    return fs.readFileSync(file, 'utf8').trim();
  } catch {
    throw new CliError(exitCodes.usage, `The ${what} ${file} can't be read.`);
  }
}

/** Sends requests, and tells on stderr what went to and fro: no token, no body. */
const toldFetch: typeof fetch = async (input, init) => {
  const begin = performance.now();
  const address = input instanceof Request ? input.url : input.toString();
  const tell = (outcome: string) => {
    const millis = (performance.now() - begin).toFixed(1);
    process.stderr.write(`debug: ${init?.method ?? 'GET'} ${address} ${outcome} ${millis} ms\n`);
  };
  try {
    const response = await fetch(input, init);
    tell(`${response.status} ${response.headers.get('x-request-id') ?? '-'}`);
    return response;
  } catch (error) {
    tell('failed');
    throw error;
  }
};

/**
 * A client for the server that the environment names (CLAVIGER_ADDR, CLAVIGER_TOKEN or CLAVIGER_TOKEN_FILE, CLAVIGER_CACERT), else
 * for the one on this machine, with the credentials that its first start wrote.
 */
export function connect(more: Partial<ClientOptions> = {}): Client {
  return createClient({ ...credentialsOf(), ...more });
}

function credentialsOf(): ClientOptions {
  const { env } = process;
  const { address, local } = findServer();
  const tokenFile = env['CLAVIGER_TOKEN_FILE'];
  const token =
    env['CLAVIGER_TOKEN'] || (tokenFile ? readSetting(tokenFile, 'token file') : localToken(address, local));
  if (!token) {
    throw new CliError(
      exitCodes.denied,
      'There is no token.',
      'set CLAVIGER_TOKEN or CLAVIGER_TOKEN_FILE, or source credentials.env of the server',
    );
  }
  if (!/^[\x21-\x7e]+$/.test(token))
    throw new CliError(
      exitCodes.denied,
      'The token has characters that no token has.',
      'look at CLAVIGER_TOKEN',
    );
  trustAuthority();
  return { address, token, ...debugging() };
}

/** A client for secrets; it takes what Vault's own command line takes, too (VAULT_ADDR, VAULT_TOKEN). */
export function connectSecrets(): Secrets {
  const { env } = process;
  env['CLAVIGER_ADDR'] ||= env['VAULT_ADDR'];
  if (!env['CLAVIGER_TOKEN_FILE']) env['CLAVIGER_TOKEN'] ||= env['VAULT_TOKEN'];
  return createSecrets(credentialsOf());
}

/**
 * A client for whole keys by the paths of transit; with an environment a token of another one is refused. VAULT_ADDR is not heeded: who
 * brings keys from a Vault has it set to that one.
 */
export function connectTransit(environment?: string): Transit {
  // the numbers of many RSA keys are looked at for a while
  return createTransit({ ...credentialsOf(), environment, timeoutMillis: 600_000 });
}

/** A custodian's client for the same server; it needs no token. */
export function connectCustodian(): Custodian {
  const { address } = findServer();
  trustAuthority();
  return createCustodian({ address, timeoutMillis: 120_000, ...debugging() });
}

const debugging = () => (process.env['CLAVIGER_DEBUG'] ? { fetch: toldFetch } : {});

const loopback: ReadonlySet<string> = new Set(['127.0.0.1', '[::1]', 'localhost']);

function isOwn({ address, local }: Found): boolean {
  const config = loadConfig({ env: process.env, checkoutHome: checkoutHome() });
  const own = [local['CLAVIGER_ADDR'], localAddress(config)];
  return own.some((each) => each !== undefined && each.replace(/\/+$/, '') === address.replace(/\/+$/, ''));
}

/** Whether the server that is asked is the one whose home is on this machine. */
export function servesHere(): boolean {
  return isOwn(findServer());
}

/** The credentials of the server on this machine are for this machine alone. */
function localToken(address: string, local: Found['local']): string | undefined {
  return isOwn({ address, local }) || loopback.has(new URL(address).hostname)
    ? local['CLAVIGER_TOKEN']
    : undefined;
}

type Found = { readonly address: string; readonly local: Readonly<Record<string, string>> };

function findServer(): Found {
  const { env } = process;
  const config = loadConfig({ env, checkoutHome: checkoutHome() });
  const local = readEnvFile(path.join(config.home, 'credentials.env'));
  const address = env['CLAVIGER_ADDR'] || local['CLAVIGER_ADDR'] || localAddress(config);
  if (!URL.canParse(address) || !/^https?:/.test(address)) {
    throw new CliError(
      exitCodes.usage,
      `CLAVIGER_ADDR is no address: ${address}`,
      'set it to something like https://keys.example.com:8200',
    );
  }
  return { address, local };
}

function trustAuthority(): void {
  const authority = process.env['CLAVIGER_CACERT'];
  if (authority) {
    const certificate = readSetting(authority, 'certificate file');
    tls.setDefaultCACertificates([...tls.getCACertificates('default'), certificate]);
  }
}
