import { awsAlgorithmName } from '#access';
import { operations } from '#operations';
import type { Key } from '#domain';
import { unsupported, validation, type AwsError } from '../aws-error.ts';
import {
  algorithmIn,
  anyKey,
  arnOf,
  base64,
  base64AndWipe,
  optionalKey,
  requireServed,
  type Handler,
  type Request,
} from '../handler.ts';
import { specOf } from '../specs.ts';

const nothing = new Uint8Array(0);

function materialId(key: Key, version: number): string {
  return key.versions.find((entry) => entry.number === version)?.materialId ?? '';
}

const encrypt: Handler = async (request) => {
  requireServed(request);
  const { input } = request;
  const done = await request.run(operations.encrypt, {
    key: anyKey(request),
    plaintext: input.bytes('Plaintext') ?? nothing,
    context: input.map('EncryptionContext'),
    algorithm: algorithmIn(request, 'EncryptionAlgorithm'),
    version: null,
    dryRun: input.flag('DryRun'),
  });
  // all parts are our own words or base64
  return `{"CiphertextBlob":"${base64(done.ciphertext)}","EncryptionAlgorithm":"${awsAlgorithmName(done.algorithm)}","KeyId":"${arnOf(request, done.key)}"}`;
};

function missing(member: string): AwsError {
  return validation(
    `1 validation error detected: Value null at '${member}' failed to satisfy constraint: Member must not be null`,
  );
}

/** The ciphertext of a request; null: a dry run that only asks whether it would be allowed, for a key that it names itself. */
function ciphertextOf({ input }: Request, keyMember: 'KeyId' | 'SourceKeyId'): Uint8Array | null {
  if (input.flag('DryRun') && input.list('DryRunModifiers').includes('IGNORE_CIPHERTEXT')) {
    if (input.has(keyMember)) return null;
    throw missing(keyMember === 'KeyId' ? 'keyId' : 'sourceKeyId');
  }
  const blob = input.bytes('CiphertextBlob');
  if (blob) return blob;
  throw missing('ciphertextBlob');
}

const decrypt: Handler = async (request) => {
  requireServed(request);
  const { input } = request;
  const done = await request.run(operations.decrypt, {
    key: optionalKey(request),
    ciphertext: ciphertextOf(request, 'KeyId'),
    context: input.map('EncryptionContext'),
    algorithm: algorithmIn(request, 'EncryptionAlgorithm'),
    dryRun: input.flag('DryRun'),
  });
  const symmetric =
    done.key.spec === 'AES_256' ? `,"KeyMaterialId":"${materialId(done.key, done.version)}"` : '';
  return `{"EncryptionAlgorithm":"${awsAlgorithmName(done.algorithm)}","KeyId":"${arnOf(request, done.key)}","Plaintext":"${base64AndWipe(done.plaintext)}"${symmetric}}`;
};

const reEncrypt: Handler = async (request) => {
  requireServed(request);
  const { input } = request;
  const { source, destination, ciphertext } = await request.run(operations.reencrypt, {
    ciphertext: ciphertextOf(request, 'SourceKeyId'),
    source: {
      key: optionalKey(request, 'SourceKeyId'),
      context: input.map('SourceEncryptionContext'),
      algorithm: algorithmIn(request, 'SourceEncryptionAlgorithm'),
    },
    destination: {
      key: anyKey(request, 'DestinationKeyId'),
      context: input.map('DestinationEncryptionContext'),
      algorithm: algorithmIn(request, 'DestinationEncryptionAlgorithm'),
    },
    dryRun: input.flag('DryRun'),
  });
  return {
    CiphertextBlob: base64(ciphertext),
    SourceKeyId: arnOf(request, source.key),
    KeyId: arnOf(request, destination.key),
    SourceEncryptionAlgorithm: awsAlgorithmName(source.algorithm),
    DestinationEncryptionAlgorithm: awsAlgorithmName(destination.algorithm),
    ...(source.key.spec === 'AES_256' ? { SourceKeyMaterialId: materialId(source.key, source.version) } : {}),
    ...(destination.key.spec === 'AES_256'
      ? { DestinationKeyMaterialId: materialId(destination.key, destination.version) }
      : {}),
  };
};

function dataKeyLength({ input }: Request): number {
  const [bytes, spec] = [input.number('NumberOfBytes'), input.text('KeySpec')];
  if ((bytes === null) === (spec === null))
    throw validation('Please specify either number of bytes or key spec.');
  return bytes ?? (spec === 'AES_128' ? 16 : 32);
}

function dataKey(withPlaintext: boolean): Handler {
  const operation = withPlaintext ? operations.generateDataKey : operations.generateDataKeyWithoutPlaintext;
  return async (request) => {
    requireServed(request);
    const done = await request.run(operation, {
      key: anyKey(request),
      length: dataKeyLength(request),
      context: request.input.map('EncryptionContext'),
      dryRun: request.input.flag('DryRun'),
    });
    return {
      CiphertextBlob: base64(done.ciphertext),
      ...(done.plaintext ? { Plaintext: base64AndWipe(done.plaintext) } : {}),
      KeyId: arnOf(request, done.key),
      KeyMaterialId: materialId(done.key, done.version),
    };
  };
}

function dataKeyPair(withPlaintext: boolean): Handler {
  const operation = withPlaintext
    ? operations.generateDataKeyPair
    : operations.generateDataKeyPairWithoutPlaintext;
  return async (request) => {
    requireServed(request);
    const spec = request.input.text('KeyPairSpec') ?? '';
    const done = await request.run(operation, {
      key: anyKey(request),
      spec: specOf(spec),
      context: request.input.map('EncryptionContext'),
      dryRun: request.input.flag('DryRun'),
    });
    return {
      PrivateKeyCiphertextBlob: base64(done.privateCiphertext),
      ...(done.privateKey ? { PrivateKeyPlaintext: base64AndWipe(done.privateKey) } : {}),
      PublicKey: base64(done.publicKey),
      KeyId: arnOf(request, done.key),
      KeyPairSpec: spec,
      KeyMaterialId: materialId(done.key, done.version),
    };
  };
}

const generateRandom: Handler = async (request) => {
  requireServed(request);
  if (request.input.has('CustomKeyStoreId')) throw unsupported('Custom key stores are not supported here.');
  const length = request.input.number('NumberOfBytes');
  if (length === null) throw validation('NumberOfBytes is required.');
  const { bytes } = await request.run(operations.generateRandom, { length });
  return { Plaintext: base64AndWipe(bytes) };
};

export const encryptionHandlers: Readonly<Record<string, Handler>> = {
  Encrypt: encrypt,
  Decrypt: decrypt,
  ReEncrypt: reEncrypt,
  GenerateDataKey: dataKey(true),
  GenerateDataKeyWithoutPlaintext: dataKey(false),
  GenerateDataKeyPair: dataKeyPair(true),
  GenerateDataKeyPairWithoutPlaintext: dataKeyPair(false),
  GenerateRandom: generateRandom,
};
