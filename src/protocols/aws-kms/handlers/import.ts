import type { Key } from '#domain';
import { operations, type TransportSpec, type TransportWrap } from '#operations';
import { AwsError, unsupported, validation } from '../aws-error.ts';
import { arnOf, base64, keyOnly, type Handler, type Request } from '../handler.ts';
import { seconds } from '../metadata.ts';

const dayMillis = 86_400_000;
const validDaysMax = 365;

const wraps: Readonly<Record<string, TransportWrap>> = Object.freeze({
  __proto__: null as never,
  RSAES_OAEP_SHA_1: 'RSA_OAEP_SHA_1',
  RSAES_OAEP_SHA_256: 'RSA_OAEP_SHA_256',
  RSA_AES_KEY_WRAP_SHA_1: 'RSA_AES_KEY_WRAP_SHA_1',
  RSA_AES_KEY_WRAP_SHA_256: 'RSA_AES_KEY_WRAP_SHA_256',
});

const wrappingSpecs: Readonly<Record<string, TransportSpec>> = Object.freeze({
  __proto__: null as never,
  RSA_2048: 'RSA_2048',
  RSA_3072: 'RSA_3072',
  RSA_4096: 'RSA_4096',
});

const getParametersForImport: Handler = async (request) => {
  const { input } = request;
  const [wrapName, specName] = [input.text('WrappingAlgorithm') ?? '', input.text('WrappingKeySpec') ?? ''];
  const [wrap, wrappingSpec] = [wraps[wrapName], wrappingSpecs[specName]];
  if (!wrap) throw unsupported(`WrappingAlgorithm ${wrapName} is not supported.`);
  if (!wrappingSpec) throw unsupported(`WrappingKeySpec ${specName} is not supported.`);
  const made = await request.run(operations.getImportParameters, {
    key: keyOnly(request),
    wrap,
    wrappingSpec,
  });
  requireCarrier(made.key, { wrap, wrappingSpec });
  return {
    KeyId: arnOf(request, made.key),
    ImportToken: base64(made.token),
    PublicKey: base64(made.publicKey),
    ParametersValidTo: seconds(made.expiresAt),
  };
};

/** RSA private keys are too long for RSA itself, and so is P-521 for a key of 2048 bits. */
function requireCarrier(
  key: Key,
  { wrap, wrappingSpec }: { wrap: TransportWrap; wrappingSpec: TransportSpec },
): void {
  if (wrap.startsWith('RSA_AES')) return;
  if (!key.spec.startsWith('RSA_') && !(key.spec === 'EC_P521' && wrappingSpec === 'RSA_2048')) return;
  throw new AwsError(
    'UnsupportedOperationException',
    `The key material of a ${key.spec.startsWith('RSA_') ? 'RSA' : 'ECC_NIST_P521'} key can not be wrapped by this WrappingAlgorithm and WrappingKeySpec.`,
  );
}

/** When the material expires, in milliseconds; null: never. */
function expiryOf({ input }: Request, now: number): number | null {
  const validTo = input.number('ValidTo');
  const model = input.text('ExpirationModel') ?? 'KEY_MATERIAL_EXPIRES';
  if (model === 'KEY_MATERIAL_DOES_NOT_EXPIRE') {
    if (validTo === null) return null;
    throw validation(
      'A validTo date must not be specified if the ExpirationModel is KEY_MATERIAL_DOES_NOT_EXPIRE',
    );
  }
  if (validTo === null) {
    throw validation('A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES');
  }
  const at = Math.floor(validTo * 1000);
  if (at <= now) throw validation('The validTo date must be in the future');
  if (at > now + validDaysMax * dayMillis)
    throw validation(`The validTo date must be at most ${validDaysMax} days in the future`);
  return at;
}

const importTypes: Readonly<Record<string, boolean>> = Object.freeze({
  __proto__: null as never,
  NEW_KEY_MATERIAL: true,
  EXISTING_KEY_MATERIAL: false,
});

const importKeyMaterial: Handler = async (request) => {
  const { input } = request;
  const expiresAt = expiryOf(request, Date.now());
  const known = await request.run(operations.importMaterial, {
    key: keyOnly(request),
    token: input.bytes('ImportToken') ?? new Uint8Array(),
    wrapped: input.bytes('EncryptedKeyMaterial') ?? new Uint8Array(),
    expiresAt,
    materialId: input.text('KeyMaterialId'),
    isNew: importTypes[input.text('ImportType') ?? ''] ?? null,
    description: input.text('KeyMaterialDescription'),
  });
  return { KeyId: arnOf(request, known.key), KeyMaterialId: known.materialId };
};

const deleteImportedKeyMaterial: Handler = async (request) => {
  const { key, materialId } = await request.run(operations.deleteImportedMaterial, {
    key: keyOnly(request),
    materialId: request.input.text('KeyMaterialId'),
  });
  return { KeyId: arnOf(request, key), ...(materialId === '' ? {} : { KeyMaterialId: materialId }) };
};

export const importHandlers: Readonly<Record<string, Handler>> = {
  GetParametersForImport: getParametersForImport,
  ImportKeyMaterial: importKeyMaterial,
  DeleteImportedKeyMaterial: deleteImportedKeyMaterial,
};
