import { operations, publicKeyPem, type HashName } from '#operations';
import type { Answer } from '../../answer.ts';
import type { Fields } from '../../fields.ts';
import type { Asked, Route } from '../../route.ts';
import { VaultError } from '../../vault-error.ts';
import { arrivingHmac } from './key-types.ts';
import { readKeyWish } from './key-wish.ts';
import { fullName, keyOf, lookUpKey, orMissing } from './keys.ts';

async function wrappingKey({ run }: Asked): Promise<Answer> {
  const { publicKey } = await run(operations.getWrappingKey, {});
  return { data: { public_key: publicKeyPem(publicKey) } };
}

const hashes: Readonly<Record<string, HashName>> = Object.freeze({
  __proto__: null as never,
  SHA1: 'SHA1',
  SHA224: 'SHA2_224',
  SHA256: 'SHA2_256',
  SHA384: 'SHA2_384',
  SHA512: 'SHA2_512',
});

//= vault: the first 512 bytes are the AES key under the wrapping key
const wrappedAesBytes = 512;

function readWrapped(fields: Fields): { readonly wrapped: Uint8Array; readonly hash: HashName } {
  if (!fields.has('ciphertext')) {
    if (!fields.has('public_key')) throw new VaultError(400, 'a ciphertext is needed to import a key');
    throw new VaultError(400, 'public_key import is not supported: keys here have their private half');
  }
  if (fields.has('public_key'))
    throw new VaultError(400, 'only one of the following fields, ciphertext and public_key, can be set');
  const word = fields.text('hash_function') || 'SHA256';
  const hash = hashes[word.toUpperCase()];
  if (!hash) throw new VaultError(400, `unknown hash function: ${word.slice(0, 32)}`);
  const wrapped = fields.bytes('ciphertext') ?? Buffer.alloc(0);
  if (wrapped.length <= wrappedAesBytes) throw new VaultError(400, 'provided ciphertext is too short');
  return { wrapped, hash };
}

async function importKey(asked: Asked): Promise<Answer> {
  const { fields, run } = asked;
  if (fields.has('convergent_encryption'))
    throw new VaultError(400, 'import cannot be used on keys with convergent encryption enabled');
  const { kind: wished, derivation, exportable, plaintextBackup, rotationSeconds } = readKeyWish(fields);
  const kind = fields.text('type') === 'hmac' ? arrivingHmac : wished;
  const localRotation = fields.flag('allow_rotation') ?? false;
  if (rotationSeconds !== undefined && !localRotation)
    throw new VaultError(400, 'allow_rotation must be set to true if auto-rotation is enabled');
  const brought = readWrapped(fields);
  if (await lookUpKey(asked))
    throw new VaultError(
      400,
      'the import path cannot be used with an existing key; use import-version to rotate an existing imported key',
    );
  await run(operations.importKey, {
    ...kind,
    ...brought,
    name: fullName(asked),
    exportable,
    plaintextBackup,
    deletable: false,
    localRotation,
    ...(derivation ? { derivation } : {}),
    ...(rotationSeconds === undefined ? {} : { rotationSeconds }),
  });
  return null;
}

async function importVersion(asked: Asked): Promise<Answer> {
  const { fields, part, run } = asked;
  if (fields.has('version'))
    throw new VaultError(400, 'a version is not updated: keys here have their private half from the first');
  const brought = readWrapped(fields);
  const missing = () =>
    new VaultError(
      400,
      `no key found with name ${part('name')}; to import a new key, use the import/ endpoint`,
    );
  await orMissing(run(operations.importNextVersion, { key: keyOf(asked), ...brought }), missing);
  return null;
}

export const importRoutes: readonly Route[] = [
  {
    path: 'wrapping_key',
    about: 'The public key under which keys are wrapped for their import.',
    handlers: { read: wrappingKey },
  },
  { path: 'keys/{name}/import', about: 'Makes a key of imported material.', handlers: { update: importKey } },
  {
    path: 'keys/{name}/import_version',
    about: 'Imports the next version of an imported key.',
    handlers: { update: importVersion },
  },
];
