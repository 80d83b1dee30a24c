import { exportsOf, type WrapForm } from './exports.ts';
import type {
  CertificateRecord,
  DestructionRecord,
  KeyRecord,
  LastUseRecord,
  NameRecord,
  NewKey,
  Tag,
} from './records.ts';
import type { TransportWrap } from './wrap-material.ts';
import { bytesIn, pages, part, type Call, type Json } from './transport.ts';

/** Wrapped material; `expiresAt` is ISO 8601, `isNew` says that it protects from the next rotation on. */
export type NewMaterial = {
  readonly token: string;
  readonly wrapped: Uint8Array;
  readonly expiresAt?: string;
  readonly isNew?: boolean;
  readonly description?: string;
};

/** Keys and their life. A key is named by its id or by its name. */
export function keysOf(call: Call) {
  const one = async (method: string, key: string, rest = '', body: Json | null = null) =>
    (await call(method, `/keys/${part(key)}${rest}`, body)) as unknown as KeyRecord;

  return {
    create: async (wish: NewKey = {}) => (await call('POST', '/keys', { ...wish })) as unknown as KeyRecord,
    show: (key: string) => one('GET', key),
    /** All keys of the environment, asked for page by page as they are taken. */
    list: (pageSize = 500) => pages<KeyRecord>(call, { path: '/keys', member: 'keys', size: pageSize }),
    rotate: (key: string) => one('POST', key, '/rotate'),
    enableRotation: (key: string, periodDays = 365) => one('PUT', key, '/rotation', { periodDays }),
    disableRotation: (key: string) => one('DELETE', key, '/rotation'),
    enable: (key: string) => one('POST', key, '/enable'),
    disable: (key: string) => one('POST', key, '/disable'),
    /** Stops the key now; `reason` is a line for the record. */
    scheduleDestroy: (key: string, waitingDays = 30, wish: { reason?: string } = {}) =>
      one('POST', key, '/schedule-destroy', { waitingDays, ...wish }),
    /** How far the destruction of a key has come, and who still asks for it; a destroyed key is named by its id. */
    destruction: async (key: string) =>
      (await call('GET', `/keys/${part(key)}/destruction`)) as unknown as DestructionRecord,
    /** The signed certificate of a destruction that was verified; who did it and who watched are lines for the record. */
    destructionCertificate: async (key: string, wish: { operator?: string; verifier?: string } = {}) =>
      (await call('POST', `/keys/${part(key)}/destruction-certificate`, {
        ...wish,
      })) as unknown as CertificateRecord,
    cancelDestroy: (key: string) => one('POST', key, '/cancel-destroy'),
    /** Reports that a version (else the newest) is or may be known to others; `occurredAt` is ISO 8601. */
    reportCompromise: (key: string, wish: { version?: number; occurredAt?: string } = {}) =>
      one('POST', key, '/report-compromise', { ...wish }),
    /** A wrapping key and a token for material that comes from outside; the key must be of origin `imported`. */
    importParameters: async (key: string, wrap: TransportWrap = 'RSA_AES_KEY_WRAP_SHA_256') => {
      const told = await call('POST', `/keys/${part(key)}/import-parameters`, { wrap });
      return { token: String(told['token']), publicKey: bytesIn(told, 'publicKey'), wrap };
    },
    /** Sends material that `wrapMaterial` wrapped; `expiresAt` is ISO 8601. */
    importMaterial: (key: string, wish: NewMaterial) =>
      one('PUT', key, '/material', { ...wish, wrapped: Buffer.from(wish.wrapped).toString('base64') }),
    /** Sends material that is wrapped under a key of the environment; the newest version of that one where none is named. */
    importUnder: (
      key: string,
      wrappingKey: string,
      wish: Omit<NewMaterial, 'token' | 'description'> & { form?: WrapForm; wrappingVersion?: number },
    ) =>
      one('PUT', key, '/material-under-key', {
        ...wish,
        wrappingKey,
        wrapped: Buffer.from(wish.wrapped).toString('base64'),
      }),
    /** Deletes one of its imported materials; else the one that protects. */
    deleteMaterial: (key: string, materialId?: string) =>
      one('DELETE', key, `/material${materialId === undefined ? '' : `?materialId=${part(materialId)}`}`),
    ...exportsOf(call),
    /** Hands a key over to another owner. */
    setOwner: (key: string, owner: string) => one('PUT', key, '/owner', { owner }),
    setDescription: (key: string, description: string) => one('PUT', key, '/description', { description }),
    tag: (key: string, tags: readonly Tag[]) => one('POST', key, '/tags', { tags }),
    untag: (key: string, tagKeys: readonly string[]) => one('POST', key, '/untag', { tagKeys }),
    /** The key policy, a document as text. */
    policy: async (key: string) => String((await call('GET', `/keys/${part(key)}/policy`))['policy']),
    setPolicy: (key: string, policy: string, wish: { bypassLockoutCheck?: boolean } = {}) =>
      one('PUT', key, '/policy', { policy, ...wish }),
    /** SubjectPublicKeyInfo, DER. */
    publicKey: async (key: string) =>
      bytesIn(await call('GET', `/keys/${part(key)}/public-key`), 'publicKey'),
    lastUse: async (key: string) =>
      (await call('GET', `/keys/${part(key)}/last-use`)) as unknown as LastUseRecord,
  };
}

/** Names of keys. */
export function namesOf(call: Call) {
  const one = async (method: string, path: string, body: Json | null = null) =>
    (await call(method, path, body)) as unknown as NameRecord;
  return {
    /** All names of the environment, or those of one key. */
    list: (key?: string) =>
      pages<NameRecord>(call, {
        path: '/names',
        member: 'names',
        query: key === undefined ? '' : `&key=${part(key)}`,
      }),
    create: (name: string, key: string) => one('POST', '/names', { name, key }),
    move: (name: string, key: string) => one('PUT', `/names/${part(name)}`, { key }),
    delete: (name: string) => one('DELETE', `/names/${part(name)}`),
  };
}
