import { ClavigerError, StopError } from '#domain';
import { asWrappedMaterial, type RootOfTrust } from '#ports';
import { callKms, callLimits, type CallLimits, type KmsAction, type KmsAnswer } from './call.ts';
import type { KmsPlace } from './place.ts';

//= aws kms api: CiphertextBlob, 1 to 6144 bytes
const wrappedBytesMax = 6144;
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Bytes of an answer; the caller wipes them. */
function bytesOf(place: KmsPlace, answer: KmsAnswer, name: string): Buffer {
  const text = answer[name];
  if (typeof text === 'string' && text.length > 0 && base64.test(text)) return Buffer.from(text, 'base64');
  throw new StopError('root-refused', `The root of trust, ${place.arn}, answers without ${name}.`);
}

/** What another key did is not the work of this root, whoever says so. */
function requireKey(place: KmsPlace, answer: KmsAnswer): void {
  if (answer['KeyId'] === place.arn) return;
  throw new StopError('root-refused', `The root of trust, ${place.arn}, answers in the name of another key.`);
}

/**
 * A root of trust that is a symmetric key of a service which speaks AWS KMS: it wraps by Encrypt and unwraps by Decrypt, with the
 * context as encryption context, and the root key never leaves the service. Nothing is asked before the first use.
 */
export function openKmsRoot(
  place: KmsPlace,
  credentialsFile: string | null,
  limits: CallLimits = callLimits,
): RootOfTrust {
  const file = place.credentialsFile ?? credentialsFile;
  if (file === null) {
    throw new ClavigerError(
      'configuration-invalid',
      'An aws-kms: root needs an access key: give credentials-file=PATH in CLAVIGER_ROOT, or CLAVIGER_ROOT_CREDENTIALS_FILE.',
    );
  }
  let isOpen = true;

  async function ask(action: KmsAction, input: object): Promise<KmsAnswer> {
    if (!isOpen) throw new ClavigerError('root-unavailable', 'The root of trust (aws-kms) is closed.');
    const answer = await callKms(place, { action, input, credentialsFile: file ?? '' }, limits);
    requireKey(place, answer);
    return answer;
  }

  return {
    describe: () => ({ kind: 'aws-kms', where: `${place.arn} at ${place.endpoint.origin}`, tier: 'served' }),

    async wrap(secret, context) {
      const answer = await ask('Encrypt', {
        KeyId: place.arn,
        Plaintext: Buffer.from(secret).toString('base64'),
        EncryptionContext: { claviger: context },
      });
      const wrapped = bytesOf(place, answer, 'CiphertextBlob');
      if (wrapped.length <= wrappedBytesMax) return asWrappedMaterial(new Uint8Array(wrapped));
      throw new StopError('root-refused', `The root of trust, ${place.arn}, answers with too many bytes.`);
    },

    async unwrap(wrapped, context) {
      if (wrapped.length === 0 || wrapped.length > wrappedBytesMax)
        throw new StopError('root-refused', `What is stored was not wrapped by ${place.arn}.`);
      const answer = await ask('Decrypt', {
        KeyId: place.arn,
        CiphertextBlob: Buffer.from(wrapped).toString('base64'),
        EncryptionContext: { claviger: context },
      });
      return bytesOf(place, answer, 'Plaintext');
    },

    async close() {
      isOpen = false;
    },
  };
}
