import type { CopyRecord } from './recovery.ts';
import { bytesIn, part, type Call, type Json } from './transport.ts';

/** Where an exported copy goes, and who answers for it; `version` is the newest where it is left out. */
export type ExportWish = { readonly place: string; readonly holder: string; readonly version?: number };

/** Material that left, wrapped, and its entry in the register of copies. */
export type Exported = {
  readonly keyId: string;
  readonly version: number;
  readonly wrap: string;
  readonly wrapped: Uint8Array;
  readonly copy: CopyRecord;
};

export type ExportWrap = 'RSA_OAEP_SHA_256' | 'RSA_AES_KEY_WRAP_SHA_256';

/** AES key wrap with padding, or a key block of TR-31, version D (text). */
export type WrapForm = 'AES_KWP' | 'TR_31_D';

/** Exports of keys that were made exportable. */
export function exportsOf(call: Call) {
  const one = async (key: string, way: string, body: Json): Promise<Exported> => {
    const told = await call('POST', `/keys/${part(key)}/${way}`, body);
    const { keyId, version, wrap, copy } = told as unknown as Omit<Exported, 'wrapped'>;
    return { keyId, version, wrap, copy, wrapped: bytesIn(told, 'wrapped') };
  };
  return {
    /** Wraps a key for the holder of an RSA key (SubjectPublicKeyInfo, DER). */
    exportTo: (
      key: string,
      publicKey: Uint8Array,
      { wrap = 'RSA_AES_KEY_WRAP_SHA_256', ...wish }: ExportWish & { readonly wrap?: ExportWrap },
    ) => one(key, 'export', { ...wish, wrap, publicKey: Buffer.from(publicKey).toString('base64') }),
    /** Wraps a key under another key of the environment, of usage `wrap`. */
    exportUnder: (
      key: string,
      wrappingKey: string,
      wish: ExportWish & { readonly form?: WrapForm; readonly exportability?: 'N' | 'E' | 'S' },
    ) => one(key, 'export-under-key', { ...wish, wrappingKey }),
    /** The registered exports of a key. */
    copies: async (key: string) =>
      (await call('GET', `/keys/${part(key)}/copies`))['copies'] as unknown as readonly CopyRecord[],
  };
}
