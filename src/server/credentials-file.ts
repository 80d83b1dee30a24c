import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { Config } from './config.ts';
import { moveDurably, writeDurably } from './durable-file.ts';

type FirstCredentials = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly token: string;
};

function fileOf(home: string): string {
  return path.join(home, 'credentials.env');
}

function pendingOf(home: string): string {
  return path.join(home, 'credentials.env.new');
}

function quoted(value: string): string {
  return `'${value.replaceAll("'", "'\\''")}'`;
}

/** The address by which clients on this machine reach the server. */
export function localAddress({ listen, tls }: Pick<Config, 'listen' | 'tls'>): string {
  const anywhere = listen.host === '0.0.0.0' || listen.host === '::';
  const host = anywhere ? '127.0.0.1' : listen.host.includes(':') ? `[${listen.host}]` : listen.host;
  return `${tls ? 'https' : 'http'}://${host}:${listen.port}`;
}

/** Writes the credentials of the first administrator, to be put in place by `finishCredentials`. */
export async function prepareCredentials(config: Config, secrets: FirstCredentials): Promise<void> {
  const address = localAddress(config);
  const values: readonly (readonly [string, string])[] = [
    ['AWS_ACCESS_KEY_ID', secrets.accessKeyId],
    ['AWS_SECRET_ACCESS_KEY', secrets.secretAccessKey],
    ['AWS_REGION', config.region],
    ['AWS_DEFAULT_REGION', config.region],
    ['AWS_ENDPOINT_URL_KMS', address],
    ['AWS_ENDPOINT_URL_SECRETS_MANAGER', address],
    ['VAULT_ADDR', address],
    ['VAULT_TOKEN', secrets.token],
    ['CLAVIGER_ADDR', address],
    ['CLAVIGER_TOKEN', secrets.token],
  ];
  const lines = values.map(([name, value]) => `export ${name}=${quoted(value)}`);
  await writeDurably(pendingOf(config.home), `${lines.join('\n')}\n`);
}

/** Puts prepared credentials in place, if there are any; returns the file's path. */
export async function finishCredentials(home: string): Promise<string> {
  const pending = await stat(pendingOf(home)).catch(() => null);
  if (pending) await moveDurably(pendingOf(home), fileOf(home));
  return fileOf(home);
}
