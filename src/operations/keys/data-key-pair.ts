import { z } from 'zod';
import { awsSpecName } from '#access';
import { generateMaterial } from '#crypto';
import { ClavigerError, factsOf, requireApprovedSpec, type Key } from '#domain';
import { algorithmOr, defineOperation, onKey, present, usableOnly } from '../define.ts';
import { encryptionContext, keyReference, keySpec } from '../inputs.ts';
import type { Operation } from '../operation.ts';
import { requireSymmetric, sealUnder } from './sealing.ts';

const input = z.strictObject({
  key: keyReference,
  spec: keySpec,
  context: encryptionContext,
  dryRun: z.boolean(),
});
type Input = z.infer<typeof input>;

export type DataKeyPair = {
  readonly key: Key;
  readonly version: number;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
  /** PKCS#8, DER; null where it was not asked for; else the caller wipes it once it is written. */
  readonly privateKey: Uint8Array | null;
  readonly privateCiphertext: Uint8Array;
};

type Variant = {
  name: string;
  permission: 'keys:generate-data-key-pair' | 'keys:generate-data-key-pair-without-plaintext';
  withPlaintext: boolean;
};

function dataKeyPairOperation({ name, permission, withPlaintext }: Variant): Operation<Input, DataKeyPair> {
  return defineOperation<Input, DataKeyPair>({
    name,
    kind: 'use',
    input,
    isDryRun: ({ dryRun }) => dryRun,
    conditions: ({ spec }) => ({ 'kms:DataKeyPairSpec': awsSpecName(spec) }),
    targets: [
      onKey<Input>({
        permission,
        act: 'protect',
        conditions: usableOnly,
        usage: 'encrypt',
        algorithm: (_wish, key, approvedOnly) => algorithmOr(null, key, 'encrypt', approvedOnly),
        bytes: () => 4096,
        context: (wish) => wish.context,
      }),
    ],
    run: async ({ house, keys }, { spec }) => {
      const target = present(keys[0]);
      requireSymmetric(target.key);
      if (!factsOf(spec).asymmetric) {
        throw new ClavigerError('input-invalid', `${spec} is not a key pair.`, {
          details: { field: 'spec' },
        });
      }
      if (house.fips !== null) requireApprovedSpec(spec, 'make');
      const made = await generateMaterial(spec);
      using encoded = made.encoded;
      const privateCiphertext = await encoded.use((bytes) =>
        sealUnder(target, present(target.algorithm), bytes),
      );
      return {
        output: {
          key: target.key,
          version: target.version.number,
          publicKey: present(made.publicKey),
          privateKey: withPlaintext ? encoded.use((bytes) => Buffer.from(bytes)) : null,
          privateCiphertext,
        },
        facts: { pairSpec: spec },
      };
    },
    discard: ({ privateKey }) => privateKey?.fill(0),
  });
}

/** Makes a key pair for use outside: the private key in clear, and encrypted to be kept. */
export const generateDataKeyPair = dataKeyPairOperation({
  name: 'keys.generate-data-key-pair',
  permission: 'keys:generate-data-key-pair',
  withPlaintext: true,
});

/** Makes a key pair of which only the public half leaves in clear. */
export const generateDataKeyPairWithoutPlaintext = dataKeyPairOperation({
  name: 'keys.generate-data-key-pair-without-plaintext',
  permission: 'keys:generate-data-key-pair-without-plaintext',
  withPlaintext: false,
});
