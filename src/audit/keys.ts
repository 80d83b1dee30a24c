import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { ClavigerError } from '#domain';
import type { SignatureKind, Signer } from './checkpoint.ts';

/** The keys that sign a node's log: Ed25519 for every commit, and ML-DSA-44 beside it for what is published. */
export type LogKeys = { readonly ed25519: Signer; readonly mlDsa44: Signer };

function pkcs8(key: KeyObject): string {
  return key.export({ format: 'der', type: 'pkcs8' }).toString('base64');
}

/** Fresh signing keys, packed to be kept sealed. The caller wipes the result. */
export function newLogKeys(): Buffer {
  const ed25519 = generateKeyPairSync('ed25519').privateKey;
  const mlDsa44 = generateKeyPairSync('ml-dsa-44').privateKey;
  return Buffer.from(JSON.stringify({ v: 1, ed25519: pkcs8(ed25519), mlDsa44: pkcs8(mlDsa44) }));
}

function signer(kind: SignatureKind, encoded: string): Signer {
  const der = Buffer.from(encoded, 'base64');
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  der.fill(0);
  return { kind, privateKey, publicKey: createPublicKey(privateKey) };
}

/** Opens what `newLogKeys` packed. */
export function openLogKeys(packed: Uint8Array): LogKeys {
  const value = JSON.parse(Buffer.from(packed).toString('latin1')) as {
    v: number;
    ed25519: string;
    mlDsa44: string;
  };
  if (value.v !== 1)
    throw new ClavigerError('integrity-failed', 'The signing keys of the log have an unknown form.');
  return { ed25519: signer('ed25519', value.ed25519), mlDsa44: signer('mlDsa44', value.mlDsa44) };
}

/** The public keys as the file `keys.json` beside the log tells them. */
export function publicKeysText(keys: LogKeys): string {
  const encode = ({ publicKey }: Signer) =>
    publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
  return `${JSON.stringify({ v: 1, ed25519: encode(keys.ed25519), mlDsa44: encode(keys.mlDsa44) }, null, 2)}\n`;
}
