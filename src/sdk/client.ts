import { anomalyOf } from './anomaly.ts';
import { ClavigerApiError } from './api-error.ts';
import { complianceOf } from './compliance.ts';
import { keysOf, namesOf } from './keys.ts';
import { rootRekeysOf } from './custody.ts';
import { findingsOf } from './findings.ts';
import { inventoryOf } from './inventory.ts';
import { environmentsOf, principalsOf } from './people.ts';
import { approvalsOf } from './approvals.ts';
import { periodsOf } from './periods.ts';
import { rekeysOf, rootOf } from './roots.ts';
import { recoveryOf } from './recovery.ts';
import { attestationsOf, ceremoniesOf } from './statements.ts';
import { writtenOf } from './written.ts';
import type { StatusRecord } from './records.ts';
import {
  bytesIn,
  createCall,
  createLines,
  part,
  toBase64,
  type Call,
  type ClientOptions,
  type Json,
} from './transport.ts';

/** Encryption context: bound to a ciphertext, the same is needed to open it. It is not secret. */
export type Context = Readonly<Record<string, string>>;
export type DataKey = {
  readonly keyId: string;
  /** In clear: to be used at once, and wiped (`fill(0)`). */
  readonly plaintext: Uint8Array;
  /** To be kept beside the data; `decrypt` opens it again. */
  readonly ciphertext: Uint8Array;
};
export type SignWish = {
  /** `raw` (the default), `digest` or `external-mu`: what the message is. */
  readonly form?: string;
  /** Else the one that the key prefers. */
  readonly algorithm?: string;
};

/** A client of the native API. */
export type Client = ReturnType<typeof createClient>;

/**
 * Makes a client. Reading requests are tried again when no server answers; nothing else ever is. Every failure is a
 * ClavigerApiError with a stable code.
 *
 * @example
 * const client = createClient({ address: 'http://127.0.0.1:8200', token });
 * const key = await client.keys.create({ name: 'invoices' });
 * const ciphertext = await client.encrypt('invoices', Buffer.from('secret'), { tenant: 'a' });
 */
export function createClient(options: ClientOptions) {
  const call = createCall(options);
  const lines = createLines(options);
  return {
    /** Any request of the API, for what has no method of its own here. */
    call,
    keys: keysOf(call),
    names: namesOf(call),
    environments: environmentsOf(call),
    principals: principalsOf(call),
    root: rootOf(call),
    rekeys: rekeysOf(call),
    recovery: recoveryOf(call),
    attestations: attestationsOf(call),
    ceremonies: ceremoniesOf(call),
    written: writtenOf(call),
    inventory: inventoryOf(call, lines),
    approvals: approvalsOf(call),
    findings: findingsOf(call),
    periods: periodsOf(call),
    anomaly: anomalyOf(call),
    ...encryptionOf(call),
    ...signingOf(call),
    random: async (length: number) => bytesIn(await call('POST', '/random', { length }), 'bytes'),
    status: async () => (await call('GET', '/status')) as unknown as StatusRecord,
    /** Seals a server whose root key is in shares: it finishes what it accepted, and serves nothing until it is unsealed. */
    seal: async () => void (await call('POST', '/seal')),
    rootRekeys: rootRekeysOf(call),
    compliance: complianceOf(call, lines),
  };
}

function encryptionOf(call: Call) {
  const on = (key: string, act: string, body: Json) => call('POST', `/keys/${part(key)}/${act}`, body);
  return {
    /** Encrypts up to 64 KiB; more goes by `dataKey` and `encryptStream`. */
    async encrypt(key: string, plaintext: Uint8Array, context: Context = {}): Promise<Uint8Array> {
      return bytesIn(await on(key, 'encrypt', { plaintext: toBase64(plaintext), context }), 'ciphertext');
    },
    /** Opens a ciphertext, which says itself which key it needs; `key` makes sure of that. */
    async decrypt(
      ciphertext: Uint8Array,
      context: Context = {},
      wish: { key?: string; algorithm?: string } = {},
    ): Promise<Uint8Array> {
      const body = { ciphertext: toBase64(ciphertext), context, ...wish };
      return bytesIn(await call('POST', '/decrypt', body), 'plaintext');
    },
    /** Opens a ciphertext and protects it under another key; the plaintext stays in the server. */
    async reencrypt(
      ciphertext: Uint8Array,
      to: { key: string; context?: Context },
      from: { key?: string; context?: Context } = {},
    ): Promise<Uint8Array> {
      const body = { ciphertext: toBase64(ciphertext), source: { ...from }, destination: { ...to } };
      return bytesIn(await call('POST', '/re-encrypt', body), 'ciphertext');
    },
    /** Makes a data key of 32 bytes. */
    async dataKey(key: string, context: Context = {}): Promise<DataKey> {
      const done = await on(key, 'data-key', { length: 32, context });
      return {
        keyId: String(done['keyId']),
        plaintext: bytesIn(done, 'plaintext'),
        ciphertext: bytesIn(done, 'ciphertext'),
      };
    },
    /** Agrees on a secret with the holder of another key pair (SubjectPublicKeyInfo, DER). */
    async deriveSharedSecret(key: string, publicKey: Uint8Array): Promise<Uint8Array> {
      return bytesIn(await on(key, 'derive-shared-secret', { publicKey: toBase64(publicKey) }), 'secret');
    },
  };
}

function signingOf(call: Call) {
  const on = (key: string, act: string, body: Json) => call('POST', `/keys/${part(key)}/${act}`, body);

  /** True, or false where the server says that it is another's; other failures throw. */
  async function holds(work: Promise<Json>, forged: string): Promise<boolean> {
    try {
      return (await work)['valid'] === true;
    } catch (error) {
      if (error instanceof ClavigerApiError && error.code === forged) return false;
      throw error;
    }
  }

  return {
    async sign(key: string, message: Uint8Array, wish: SignWish = {}): Promise<Uint8Array> {
      return bytesIn(await on(key, 'sign', { message: toBase64(message), ...wish }), 'signature');
    },
    /** True, or false where the signature is not that of the message and key. */
    verify(key: string, message: Uint8Array, signature: Uint8Array, wish: SignWish = {}): Promise<boolean> {
      const body = { message: toBase64(message), signature: toBase64(signature), ...wish };
      return holds(on(key, 'verify', body), 'signature-invalid');
    },
    /** A message authentication code. */
    async mac(key: string, message: Uint8Array): Promise<Uint8Array> {
      return bytesIn(await on(key, 'mac', { message: toBase64(message) }), 'mac');
    },
    /** True, or false where the code is not that of the message and key. */
    verifyMac(key: string, message: Uint8Array, mac: Uint8Array): Promise<boolean> {
      return holds(on(key, 'verify-mac', { message: toBase64(message), mac: toBase64(mac) }), 'mac-invalid');
    },
  };
}
