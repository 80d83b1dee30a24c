import { operations } from '#operations';
import { ClavigerError } from '#domain';
import { validation } from '../aws-error.ts';
import {
  algorithmIn,
  anyKey,
  arnOf,
  base64,
  base64AndWipe,
  requireServed,
  type Handler,
  type Request,
} from '../handler.ts';
import { algorithmsMember } from '../metadata.ts';
import { specName, usageName } from '../specs.ts';

const nothing = new Uint8Array(0);
const forms = { RAW: 'raw', DIGEST: 'digest', EXTERNAL_MU: 'external-mu' } as const;

/** What is signed, checked against the rules that AWS adds to the algorithm's own. */
function signedMessage({ input }: Request) {
  const type = (input.text('MessageType') ?? 'RAW') as keyof typeof forms;
  const algorithm = input.text('SigningAlgorithm') ?? '';
  if (type === 'EXTERNAL_MU' && algorithm !== 'ML_DSA_SHAKE_256') {
    throw validation(`MessageType EXTERNAL_MU is not valid for algorithm ${algorithm}.`);
  }
  const noDigest = algorithm === 'ED25519_SHA_512' || algorithm === 'ML_DSA_SHAKE_256';
  if (type === 'DIGEST' && noDigest)
    throw validation(`MessageType DIGEST is not valid for algorithm ${algorithm}.`);
  if (type === 'RAW' && algorithm === 'ED25519_PH_SHA_512') {
    throw validation(`MessageType RAW is not valid for algorithm ${algorithm}.`);
  }
  return { message: input.bytes('Message') ?? nothing, form: forms[type] };
}

/** A digest of a wrong length is told in AWS's words. */
async function digestChecked<T>(request: Request, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const isDigest = (request.input.text('MessageType') ?? 'RAW') !== 'RAW';
    if (isDigest && error instanceof ClavigerError && error.code === 'input-invalid') {
      throw validation(`Digest is invalid length for algorithm ${request.input.text('SigningAlgorithm')}.`);
    }
    throw error;
  }
}

const sign: Handler = async (request) => {
  requireServed(request);
  const wish = {
    key: anyKey(request),
    ...signedMessage(request),
    algorithm: algorithmIn(request, 'SigningAlgorithm'),
    dryRun: request.input.flag('DryRun'),
  };
  const done = await digestChecked(request, request.run(operations.sign, wish));
  return {
    KeyId: arnOf(request, done.key),
    Signature: base64(done.signature),
    SigningAlgorithm: request.input.text('SigningAlgorithm'),
  };
};

const verify: Handler = async (request) => {
  requireServed(request);
  const wish = {
    key: anyKey(request),
    ...signedMessage(request),
    signature: request.input.bytes('Signature') ?? nothing,
    algorithm: algorithmIn(request, 'SigningAlgorithm'),
    dryRun: request.input.flag('DryRun'),
  };
  const done = await digestChecked(request, request.run(operations.verify, wish));
  return {
    KeyId: arnOf(request, done.key),
    SignatureValid: true,
    SigningAlgorithm: request.input.text('SigningAlgorithm'),
  };
};

const generateMac: Handler = async (request) => {
  requireServed(request);
  const done = await request.run(operations.generateMac, {
    key: anyKey(request),
    message: request.input.bytes('Message') ?? nothing,
    algorithm: algorithmIn(request, 'MacAlgorithm'),
    dryRun: request.input.flag('DryRun'),
  });
  return {
    Mac: base64(done.mac),
    MacAlgorithm: request.input.text('MacAlgorithm'),
    KeyId: arnOf(request, done.key),
  };
};

const verifyMac: Handler = async (request) => {
  requireServed(request);
  const done = await request.run(operations.verifyMac, {
    key: anyKey(request),
    message: request.input.bytes('Message') ?? nothing,
    mac: request.input.bytes('Mac') ?? nothing,
    algorithm: algorithmIn(request, 'MacAlgorithm'),
    dryRun: request.input.flag('DryRun'),
  });
  return {
    KeyId: arnOf(request, done.key),
    MacValid: true,
    MacAlgorithm: request.input.text('MacAlgorithm'),
  };
};

const deriveSharedSecret: Handler = async (request) => {
  requireServed(request);
  const done = await request.run(operations.deriveSharedSecret, {
    key: anyKey(request),
    publicKey: request.input.bytes('PublicKey') ?? nothing,
    algorithm: algorithmIn(request, 'KeyAgreementAlgorithm'),
    dryRun: request.input.flag('DryRun'),
  });
  return {
    KeyId: arnOf(request, done.key),
    SharedSecret: base64AndWipe(done.secret),
    KeyAgreementAlgorithm: 'ECDH',
    KeyOrigin: 'AWS_KMS',
  };
};

const getPublicKey: Handler = async (request) => {
  requireServed(request);
  const { key, publicKey } = await request.run(operations.getPublicKey, { key: anyKey(request) });
  return {
    KeyId: arnOf(request, key),
    PublicKey: base64(publicKey),
    CustomerMasterKeySpec: specName(key.spec),
    KeySpec: specName(key.spec),
    KeyUsage: usageName(key.usage),
    ...algorithmsMember(key),
  };
};

export const signingHandlers: Readonly<Record<string, Handler>> = {
  Sign: sign,
  Verify: verify,
  GenerateMac: generateMac,
  VerifyMac: verifyMac,
  DeriveSharedSecret: deriveSharedSecret,
  GetPublicKey: getPublicKey,
};
