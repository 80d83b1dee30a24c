import { awsSpecName, awsUsageName } from '#access';
import { operations } from '#operations';
import { hasCode, type KeySpec } from '#domain';
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

const nothing = new Uint8Array(0);
const forms = { RAW: 'raw', DIGEST: 'digest', EXTERNAL_MU: 'external-mu' } as const;

type MessageType = keyof typeof forms;

function messageType({ input }: Request): MessageType {
  return (input.text('MessageType') ?? 'RAW') as MessageType;
}

function signedMessage(request: Request) {
  const type = messageType(request);
  // AWS takes this algorithm's message as a digest only: the core is asked for a form that there is not, once it has checked the key
  const refused = type === 'RAW' && request.input.text('SigningAlgorithm') === 'ED25519_PH_SHA_512';
  return { message: request.input.bytes('Message') ?? nothing, form: forms[refused ? 'EXTERNAL_MU' : type] };
}

/** A message of a form or a length that the algorithm does not take is told in AWS's words. */
async function messageChecked<T>(request: Request, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const type = messageType(request);
    const algorithm = request.input.text('SigningAlgorithm');
    if (hasCode(error, 'operation-unsupported')) {
      const spec = error.details['spec'] as KeySpec;
      const whom = spec === 'ED25519' ? `algorithm ${algorithm}` : `key spec ${awsSpecName(spec)}`;
      throw validation(`Message type ${type} is incompatible with ${whom}.`);
    }
    if (hasCode(error, 'input-invalid') && type !== 'RAW') {
      const what = type === 'DIGEST' ? 'Digest' : 'External Mu';
      throw validation(`${what} is invalid length for algorithm ${algorithm}.`);
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
  const done = await messageChecked(request, request.run(operations.sign, wish));
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
  const done = await messageChecked(request, request.run(operations.verify, wish));
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
    CustomerMasterKeySpec: awsSpecName(key.spec),
    KeySpec: awsSpecName(key.spec),
    KeyUsage: awsUsageName(key.usage),
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
