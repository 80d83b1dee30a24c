import { hasCode } from '#domain';
import { operations } from '#operations';
import type { Answer } from '../../answer.ts';
import type { Asked, Route } from '../../route.ts';
import { VaultError } from '../../vault-error.ts';
import { kindOf } from './key-types.ts';
import { fullName, isMissing } from './keys.ts';

const pemForm = /^\s*-----BEGIN PUBLIC KEY-----\s+((?:[A-Za-z0-9+/]+=*\s+)+)-----END PUBLIC KEY-----\s*$/;

/** A public key in PEM as its SubjectPublicKeyInfo; what stands in it is looked at where it is used. */
function readPem(text: string): Uint8Array {
  const [, body] = text.length <= 8192 ? (pemForm.exec(text) ?? []) : [];
  if (body === undefined) throw new VaultError(400, 'peer public key is not a public key in PEM');
  return Buffer.from(body, 'base64');
}

async function deriveKey(asked: Asked): Promise<Answer> {
  const { fields, run } = asked;
  const algorithm = fields.text('key_derivation_algorithm') ?? 'ecdh';
  if (algorithm !== 'ecdh')
    throw new VaultError(400, `key derivation algorithm ${algorithm.slice(0, 32)} not supported`);
  const peer = fields.needed('peer_public_key', 'peer public key not provided');
  const type = (fields.text('derived_key_type') ?? 'aes256-gcm96').toLowerCase();
  const { spec } = kindOf(type, undefined, undefined);
  if (spec !== 'AES_128' && spec !== 'AES_256' && spec !== 'CHACHA20')
    throw new VaultError(400, `unknown key type ${type}`);
  const version = fields.whole('base_key_version') ?? 0;
  if (version < 0) throw new VaultError(400, 'key version cannot be negative');
  const base = fields.needed('base_key_name', 'specified base key not found');
  try {
    await run(operations.makeByAgreement, {
      key: { kind: 'name', name: fullName(asked, base) },
      publicKey: readPem(peer),
      version: version === 0 ? null : version,
      spec,
      name: fullName(asked),
    });
    return null;
  } catch (error) {
    if (isMissing(error)) throw new VaultError(400, 'specified base key not found');
    if (hasCode(error, 'name-taken'))
      throw new VaultError(400, `key ${JSON.stringify(asked.part('name'))} already exists`);
    throw error;
  }
}

export const derivationRoutes: readonly Route[] = [
  {
    path: 'derive-key/{name}',
    about: 'Makes a key of what a key pair and a peer agree on.',
    handlers: { update: deriveKey },
  },
];
