import { part, type Call } from './transport.ts';

export type RecoveryHoldersRecord = {
  readonly threshold: number;
  readonly holders: readonly { readonly name: string; readonly publicKey: string }[];
};

/** A copy of key material, or of what opens it, that left the stores; times are ISO 8601. */
export type CopyRecord = {
  readonly id: string;
  readonly kind: string;
  readonly keyId: string | null;
  readonly createdAt: string;
  readonly place: string;
  readonly holder: string;
  readonly status: string;
  readonly detail: Readonly<Record<string, string | number | boolean | null>>;
};

/** Recovery holders and the register of copies. */
export function recoveryOf(call: Call) {
  const one = async (path: string, body: Record<string, string> = {}) =>
    (await call('POST', path, body)) as unknown as CopyRecord;
  return {
    holders: async () => (await call('GET', '/recovery/holders'))['set'] as RecoveryHoldersRecord | null,
    setHolders: async (wish: RecoveryHoldersRecord) =>
      (await call('PUT', '/recovery/holders', { ...wish })) as unknown as RecoveryHoldersRecord,
    copies: async (kind?: string) =>
      (await call('GET', `/copies${kind ? `?kind=${part(kind)}` : ''}`))['copies'] as CopyRecord[],
    registerCopy: (id: string, place: string, holder: string) =>
      one(`/copies/${part(id)}/copies`, { place, holder }),
    acknowledgeDestroyed: (id: string) => one(`/copies/${part(id)}/acknowledge-destroyed`),
  };
}
