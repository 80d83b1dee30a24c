import { wrapMaterial, type TransportWrap } from '#sdk';
import type { Kms } from './kms.fixture.ts';

export const wrapOf = (name: string): TransportWrap => name.replace('RSAES_', 'RSA_') as TransportWrap;

/** An ImportKeyMaterial request that brings these bytes into a key. */
export async function materialFor(
  kms: Kms,
  keyId: string,
  bytes: Uint8Array,
  { algorithm = 'RSAES_OAEP_SHA_256', spec = 'RSA_2048' } = {},
) {
  const told = await kms.ask<{ ImportToken: string; PublicKey: string }>('GetParametersForImport', {
    KeyId: keyId,
    WrappingAlgorithm: algorithm,
    WrappingKeySpec: spec,
  });
  const wrapped = wrapMaterial(bytes, Buffer.from(told.PublicKey, 'base64'), wrapOf(algorithm));
  return {
    KeyId: keyId,
    ImportToken: told.ImportToken,
    EncryptedKeyMaterial: Buffer.from(wrapped).toString('base64'),
    ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE',
  };
}
