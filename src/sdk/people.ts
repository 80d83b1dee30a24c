import type { CredentialRecord, EnvironmentRecord, PrincipalRecord } from './records.ts';
import { part, type Call, type Json } from './transport.ts';

export type NewAdministratorRecord = {
  readonly principal: PrincipalRecord;
  readonly accountId: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly token: string;
};

/** Environments. */
export function environmentsOf(call: Call) {
  return {
    list: async () => (await call('GET', '/environments'))['environments'] as EnvironmentRecord[],
    create: async (name: string, wish: { accountId?: string } = {}) =>
      (await call('POST', '/environments', { name, ...wish })) as unknown as EnvironmentRecord,
    /** Makes the first administrator of a new environment; the secrets are told once. */
    createAdministrator: async (environment: string, name = 'admin') =>
      (await call('POST', `/environments/${part(environment)}/administrator`, {
        name,
      })) as unknown as NewAdministratorRecord,
  };
}

/** Those who may ask, and their credentials. */
export function principalsOf(call: Call) {
  const of = (name: string, rest = '') => `/principals/${part(name)}${rest}`;
  const one = async (method: string, path: string, body: Json) =>
    (await call(method, path, body)) as unknown as PrincipalRecord;
  return {
    list: async () => (await call('GET', '/principals'))['principals'] as PrincipalRecord[],
    create: (wish: { name: string; kind?: string; roles?: readonly string[] }) =>
      one('POST', '/principals', { ...wish }),
    update: (name: string, wish: { roles?: readonly string[]; disabled?: boolean }) =>
      one('PUT', of(name), { ...wish }),
    credentials: async (name: string) =>
      (await call('GET', of(name, '/credentials')))['credentials'] as CredentialRecord[],
    /** Revokes a credential by its id; it stops on every node within a second. */
    revoke: async (name: string, id: string) =>
      void (await call('DELETE', of(name, `/credentials/${part(id)}`))),
    /** The secret is told once. */
    createAccessKey: async (name: string) =>
      (await call('POST', of(name, '/access-keys'))) as { accessKeyId: string; secretAccessKey: string },
    /** The token is told once. */
    createToken: async (name: string) =>
      (await call('POST', of(name, '/tokens'))) as { tokenId: string; token: string },
  };
}
