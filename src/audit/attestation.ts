import { sign, verify } from 'node:crypto';
import { promisify } from 'node:util';
import type { KeyObject } from 'node:crypto';
import type { Attestation } from '#ports';
import type { Signer } from './checkpoint.ts';

/** The first line of what is signed: no checkpoint begins like this, whatever the house signs. */
const firstLine = 'claviger attestation v1\n';

type SignAsync = (algorithm: null, data: Uint8Array, key: KeyObject) => Promise<Buffer>;
const signAsync = promisify(sign as never) as SignAsync;

const signed = (text: string): Buffer => Buffer.from(firstLine + text);

/** Signs a text by each of the keys. */
export function attestations(text: string, signers: readonly Signer[]): Promise<Attestation[]> {
  return Promise.all(
    signers.map(async ({ kind, privateKey, publicKey }) => ({
      kind,
      publicKey: publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
      signature: (await signAsync(null, signed(text), privateKey)).toString('base64'),
    })),
  );
}

/** Whether a signature is that of a key over a text. */
export function isAttested(text: string, signature: string, publicKey: KeyObject): boolean {
  return verify(null, signed(text), publicKey, Buffer.from(signature, 'base64'));
}
