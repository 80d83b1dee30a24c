import { part, type Call } from './transport.ts';

export type RootRecord = { readonly kind: string; readonly where: string; readonly tier: string };
export type RootStatusRecord = {
  readonly root: RootRecord;
  readonly id: string | null;
  readonly since: string | null;
  readonly isCurrent: boolean;
  readonly progress: { readonly done: number; readonly total: number } | null;
};
export type RekeyRecord = {
  readonly name: string;
  readonly generation: number;
  readonly running: boolean;
};

/** The root of trust. A root is named as in CLAVIGER_ROOT; its secrets are in files of the server. */
export function rootOf(call: Call) {
  return {
    status: async () => (await call('GET', '/root')) as unknown as RootStatusRecord,
    /** Opens a root that is to take over, and tries it; changes nothing. */
    prepare: async (to: string) =>
      (await call('POST', '/root/prepare', { to })) as unknown as {
        root: RootRecord;
        isCurrent: boolean;
        wrappings: number;
      },
    /** Can be repeated: before it the old root opens everything, after it the new one. */
    migrate: async (to: string) =>
      (await call('POST', '/root/migrate', { to })) as unknown as {
        root: RootRecord;
        switched: boolean;
        wrappings: number;
      },
    verify: async () => (await call('POST', '/root/verify', {})) as unknown as { wrappings: number },
    successor: async (passphraseFile: string | null) =>
      (await call('POST', '/root/successor', { passphraseFile })) as unknown as { uri: string },
  };
}

/** New key-encryption keys for environments. */
export function rekeysOf(call: Call) {
  const path = (environment: string) => `/environments/${part(environment)}/rekey`;
  return {
    begin: async (environment: string) =>
      (await call('POST', path(environment), {})) as unknown as RekeyRecord,
    status: async (environment: string) => (await call('GET', path(environment))) as unknown as RekeyRecord,
  };
}
