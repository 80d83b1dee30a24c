import { ClavigerApiError } from './api-error.ts';
import { createCall, type ClientOptions, type Json } from './transport.ts';

/** A client of secrets that are kept in versions, by the paths of Vault's KV v2. */
export type Secrets = ReturnType<typeof createSecrets>;

export type SecretRecord = {
  readonly data: Readonly<Record<string, unknown>>;
  readonly version: number;
  /** RFC 3339. */
  readonly createdAt: string;
};

function steps(path: string): string {
  return path
    .split('/')
    .filter((step) => step !== '')
    .map(encodeURIComponent)
    .join('/');
}

function member(answer: unknown, name: string): Json {
  const value = typeof answer === 'object' && answer !== null ? (answer as Json)[name] : undefined;
  if (typeof value === 'object' && value !== null) return value as Json;
  throw new ClavigerApiError('not-claviger', `The answer has no ${name}.`);
}

/**
 * Makes a client of secrets.
 *
 * @example
 * const secrets = createSecrets({ address: 'http://127.0.0.1:8200', token });
 * await secrets.put('backup/restic', { password });
 * const { data } = await secrets.get('backup/restic');
 */
export function createSecrets(options: ClientOptions) {
  const call = createCall({ ...options, base: '/v1' });
  const at = (mount: string, kind: string, path: string) => `/${steps(mount)}/${kind}/${steps(path)}`;
  return {
    /** The newest version, or one that is asked for. Rejects with `secret-not-found` where there is none, or it was deleted. */
    async get(path: string, { mount = 'secret', version = 0 } = {}): Promise<SecretRecord> {
      const asked = version > 0 ? `?version=${version}` : '';
      const outer = member(await call('GET', `${at(mount, 'data', path)}${asked}`), 'data');
      const metadata = member(outer, 'metadata');
      return {
        data: member(outer, 'data'),
        version: Number(metadata['version']),
        createdAt: String(metadata['created_time']),
      };
    },
    /** Writes a new version; with `expected` only where that is the newest one (0: there is none). */
    async put(
      path: string,
      data: Readonly<Record<string, unknown>>,
      { mount = 'secret', expected = null as number | null } = {},
    ): Promise<number> {
      const checked = expected === null ? {} : { options: { cas: expected } };
      const answer = await call('POST', at(mount, 'data', path), { data, ...checked });
      return Number(member(answer, 'data')['version']);
    },
    /** Names below a folder; folders end with `/`. */
    async list(folder = '', { mount = 'secret' } = {}): Promise<readonly string[]> {
      const answer = await call('GET', `${at(mount, 'metadata', folder)}?list=true`);
      const keys = member(answer, 'data')['keys'];
      return Array.isArray(keys) ? keys.map(String) : [];
    },
  };
}
