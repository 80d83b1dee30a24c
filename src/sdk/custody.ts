import type { AuthorisedRekeyRecord, RekeyRecord, SealStatusRecord } from './records.ts';
import { createCall, part, type Call, type ClientOptions } from './transport.ts';

/** A custodian's client of a server whose root key is in shares; it needs no token. */
export type Custodian = ReturnType<typeof createCustodian>;

/**
 * Makes a custodian's client.
 *
 * @example
 * const custodian = createCustodian({ address: 'https://keys.example.com:8200' });
 * const { sealed, given, threshold } = await custodian.unseal(share);
 */
export function createCustodian(options: Omit<ClientOptions, 'token'>) {
  const call = createCall({ ...options, token: '' });
  const status = async (method: string, path: string, body?: { share: string }) =>
    (await call(method, path, body ?? null)) as unknown as SealStatusRecord;
  return {
    status: () => status('GET', '/seal-status'),
    /** Gives one share; with the last one that is needed the server serves when it answers. */
    unseal: (share: string) => status('POST', '/unseal', { share }),
    /** Has the server drop the shares that were given. */
    reset: () => status('POST', '/unseal/reset'),
  };
}

/** New sets of shares for the root key of an unsealed server. */
export function rootRekeysOf(call: Call) {
  const at = (id: string, act = '') => `/root/rekeys/${part(id)}${act}`;
  return {
    begin: async (scheme: { shares: number; threshold: number }) =>
      (await call('POST', '/root/rekeys', scheme)) as unknown as RekeyRecord,
    /** Gives a share of the present set. */
    authorise: async (id: string, share: string) =>
      (await call('POST', at(id, '/authorise'), { share })) as unknown as AuthorisedRekeyRecord,
    /** Gives a share of the new set back; null puts the new set in place without the rest. */
    confirm: async (id: string, share: string | null) =>
      (await call('POST', at(id, '/confirm'), { share })) as unknown as RekeyRecord,
    cancel: async (id: string) => (await call('DELETE', at(id))) as unknown as RekeyRecord,
  };
}
