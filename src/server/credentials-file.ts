import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Config } from './config.ts';
import { hasErrorCode, moveDurably, writeDurably } from './durable-file.ts';

type FirstCredentials = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly token: string;
};

const fileName = 'credentials.env';
const pendingForm = /^credentials\.env\.([0-9a-f-]{36})\.new$/;

/** The principal's id is in the name: of several processes that start at once, only one makes the principal that stays. */
function pendingOf(home: string, principalId: string): string {
  return path.join(home, `${fileName}.${principalId}.new`);
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
export async function prepareCredentials(
  config: Config,
  principalId: string,
  secrets: FirstCredentials,
): Promise<void> {
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
  await writeDurably(pendingOf(config.home, principalId), `${lines.join('\n')}\n`);
}

/**
 * Puts prepared credentials in place once their principal exists; those of a principal that was never made are removed when
 * none can be made any more.
 */
export async function finishCredentials(home: string, principals: PrincipalsMade): Promise<void> {
  for (const name of await readdir(home)) {
    const id = pendingForm.exec(name)?.[1];
    if (id === undefined) continue;
    const pending = pendingOf(home, id);
    try {
      if (await principals.exists(id)) await moveDurably(pending, credentialsFile(home));
      else if (principals.areComplete) await rm(pending, { force: true });
    } catch (error) {
      // another process that starts at the same time was quicker
      if (!hasErrorCode(error, 'ENOENT')) throw error;
    }
  }
}

type PrincipalsMade = {
  readonly exists: (id: string) => Promise<boolean>;
  /** No first start is going to make more of them. */
  readonly areComplete: boolean;
};

/** Where the first administrator's credentials are. */
export function credentialsFile(home: string): string {
  return path.join(home, fileName);
}
