import { ClavigerApiError } from './api-error.ts';
import { createCall, part, type ClientOptions, type Json } from './transport.ts';

/** A client of whole keys by the paths of Vault's transit engine. */
export type Transit = ReturnType<typeof createTransit>;

/** A key as transit shows it. */
export type TransitKey = {
  readonly id: string;
  readonly type: string;
  readonly latestVersion: number;
  readonly oldestVersion: number;
};

function keyIn(answer: Json): TransitKey {
  const data = answer['data'];
  if (typeof data !== 'object' || data === null)
    throw new ClavigerApiError('not-claviger', 'The answer has no data.');
  const { claviger_id: id, type, latest_version: latest, min_available_version: oldest } = data as Json;
  return {
    id: String(id),
    type: String(type),
    latestVersion: Number(latest),
    oldestVersion: Math.max(1, Number(oldest)),
  };
}

/**
 * Makes a client of transit. With `environment` the server refuses a token of another one.
 *
 * @example
 * const transit = createTransit({ address: 'http://127.0.0.1:8200', token });
 * await transit.restore('payments', backup);
 */
export function createTransit({
  environment,
  ...options
}: ClientOptions & { readonly environment?: string | undefined }) {
  const headers: Record<string, string> =
    environment === undefined ? {} : { 'x-vault-namespace': environment };
  const call = createCall({ ...options, headers, base: '/v1' });
  const at = (mount: string, act: string, name: string) =>
    `/${mount.split('/').filter(Boolean).map(encodeURIComponent).join('/')}/${act}/${part(name)}`;
  return {
    /** The key of that name; null: there is none. */
    async key(name: string, { mount = 'transit' } = {}): Promise<TransitKey | null> {
      try {
        return keyIn(await call('GET', at(mount, 'keys', name)));
      } catch (error) {
        // a 404 that says something is of a mount that is not there
        if (error instanceof ClavigerApiError && error.code === 'secret-not-found') return null;
        throw error;
      }
    },
    /** Makes a key of a backup that Vault made; `force` takes the name from the key that has it. */
    async restore(name: string, backup: string, { mount = 'transit', force = false } = {}): Promise<void> {
      await call('POST', at(mount, 'restore', name), { backup, force });
    },
  };
}
