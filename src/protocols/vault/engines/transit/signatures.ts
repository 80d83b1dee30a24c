import { operations, rawPublicKeyOf, type SigningChoice } from '#operations';
import type { Answer } from '../../answer.ts';
import { base64, type Fields } from '../../fields.ts';
import type { Asked, Route } from '../../route.ts';
import { VaultError } from '../../vault-error.ts';
import { itemsOf, plainAnswer, readInput, together } from './batch.ts';
import { type Alphabet, readVersioned, writeVersioned } from './ciphertext.ts';
import { hashWord, requireHash } from './hashes.ts';
import { askedVersion, keyOf, orMissing } from './keys.ts';
import { verifyCodes } from './codes.ts';

type Choice = { readonly choice: SigningChoice; readonly alphabet: Alphabet };

function readSaltLength(fields: Fields): SigningChoice['saltLength'] {
  const text = (fields.text('salt_length') ?? 'auto').toLowerCase();
  if (text === 'auto' || text === 'hash') return text;
  if (!/^-?[0-9]{1,6}$/.test(text))
    throw new VaultError(400, `salt length neither 'auto', 'hash', nor an int: ${text.slice(0, 64)}`);
  const length = Number(text);
  // two words that the signing library of Vault has for numbers
  if (length === 0) return 'auto';
  if (length === -1) return 'hash';
  if (length < 0) throw new VaultError(400, `salt length is invalid: ${length}`);
  return length;
}

function readChoice({ fields, part }: Asked): Choice {
  const word = hashWord(part('hash'), fields, ['hash_algorithm', 'algorithm']);
  const hash = word === 'none' ? 'NONE' : requireHash(word);
  const marshaling = fields.text('marshaling_algorithm') || 'asn1';
  if (marshaling !== 'asn1' && marshaling !== 'jws')
    throw new VaultError(400, `invalid marshaling type ${JSON.stringify(marshaling.slice(0, 64))}`);
  const prehashed = fields.flag('prehashed') ?? false;
  const scheme = fields.text('signature_algorithm') || 'pss';
  if (scheme !== 'pss' && scheme !== 'pkcs1v15')
    throw new VaultError(400, `unsupported signature algorithm ${JSON.stringify(scheme.slice(0, 64))}`);
  if (hash === 'NONE' && (!prehashed || scheme !== 'pkcs1v15'))
    throw new VaultError(
      400,
      'hash_algorithm=none requires both prehashed=true and signature_algorithm=pkcs1v15',
    );
  const isJws = marshaling === 'jws';
  return {
    choice: {
      hash,
      prehashed,
      padding: scheme === 'pss' ? 'PSS' : 'PKCS1',
      saltLength: readSaltLength(fields),
      encoding: isJws ? 'RAW' : 'DER',
    },
    alphabet: isJws ? 'base64url' : 'base64',
  };
}

function readContext(item: Fields): Buffer | null {
  const context = item.bytes('context');
  return context && context.length > 0 ? context : null;
}

async function sign(asked: Asked): Promise<Answer> {
  const { choice, alphabet } = readChoice(asked);
  const version = askedVersion(asked.fields);
  const request = itemsOf(asked, (item, isBatch) => ({
    message: readInput(item, isBatch),
    context: readContext(item),
  }));
  const work = together(request.items, async (items) => {
    const { results } = await asked.run(operations.signItems, {
      key: keyOf(asked),
      items: [...items],
      version,
      choice,
    });
    return results;
  });
  const results = await orMissing(work, () => new VaultError(400, 'signing key not found'));
  //= vault: the derived public key has one name in an answer of its own, and another one in a batch
  const publicName = request.isBatch ? 'publickey' : 'public_key';
  return plainAnswer(request, results, {
    empty: {},
    show: ({ signature, version: by, publicKey }) => ({
      signature: writeVersioned(by, signature, alphabet),
      key_version: by,
      ...(publicKey ? { [publicName]: base64(rawPublicKeyOf(publicKey)) } : {}),
    }),
  });
}

const proofs = ['signature', 'hmac', 'cmac'] as const;
type Proof = (typeof proofs)[number];
const proofWords = "'signature', 'hmac' or 'cmac'";

/** What a request wants to have checked: one kind for all of its items. */
function proofOf(fields: Fields): Proof {
  const batch = fields.batch('batch_input');
  const given = (batch ?? [fields]).map((item) => proofs.filter((name) => item.has(name)));
  const kinds = new Set(given.flat());
  const [only] = kinds;
  if (batch?.length === 0) throw new VaultError(400, 'missing batch input to process');
  if (kinds.size > 1)
    throw new VaultError(
      400,
      batch
        ? `elements of batch_input must all provide one of ${proofWords}, the same one`
        : `provide one of ${proofWords}`,
    );
  if (!only)
    throw new VaultError(
      400,
      batch
        ? `no batch_input elements have ${proofWords}`
        : "neither a 'signature', 'hmac' nor 'cmac' were given to verify",
    );
  if (given.some((names) => names.length === 0))
    throw new VaultError(400, `some elements of batch_input are missing '${only}'`);
  return only;
}

async function verify(asked: Asked): Promise<Answer> {
  const proof = proofOf(asked.fields);
  if (proof !== 'signature') return verifyCodes(asked, proof);
  const { choice, alphabet } = readChoice(asked);
  const request = itemsOf(asked, (item, isBatch) => {
    const { version, bytes } = readVersioned(item.text('signature') ?? '', 'signature', alphabet);
    return {
      message: readInput(item, isBatch),
      context: readContext(item),
      signature: bytes,
      version,
    };
  });
  const work = together(request.items, async (items) => {
    const { results } = await asked.run(operations.verifyItems, {
      key: keyOf(asked),
      items: [...items],
      choice,
    });
    return results;
  });
  const missing = () => new VaultError(400, 'signature verification key not found');
  return plainAnswer(request, await orMissing(work, missing), {
    empty: { valid: false },
    show: ({ valid }) => ({ valid }),
  });
}

export const signatureRoutes: readonly Route[] = [
  { path: 'sign/{name}', about: 'Signs.', handlers: { update: sign } },
  { path: 'sign/{name}/{hash}', about: 'Signs with a hash that the path names.', handlers: { update: sign } },
  { path: 'verify/{name}', about: 'Checks a signature, an HMAC or a CMAC.', handlers: { update: verify } },
  {
    path: 'verify/{name}/{hash}',
    about: 'Checks a signature or an HMAC with a hash that the path names, or a CMAC of a length.',
    handlers: { update: verify },
  },
];
