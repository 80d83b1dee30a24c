import { z } from 'zod';
import { generateMaterial, hashNames, openMaterial, type SecretBytes, unwrapRsaAes } from '#crypto';
import { changeState, ClavigerError, currentVersion, type Instant, type Key } from '#domain';
import { defineOperation, onKey, present, usableOnly } from '../define.ts';
import { defineCollection, documentSecretName } from '../documents.ts';
import type { House } from '../house.ts';
import { bytes, keyReference } from '../inputs.ts';
import type { Work } from '../operation.ts';
import { revised, updateOf } from './change.ts';
import { arrivedVersion, wholeKey, wholeShape } from './whole-key.ts';

/**
 * The standing wrapping key of an environment, under which keys come from outside at any time: an RSA key of 4096 bits that nothing else
 * can use. Its private half is sealed like other small secrets of the house.
 */
const collection = 'import-wrapping-keys';
const wrappingId = 'rsa-4096';
const wrappingKeys = defineCollection(collection, z.strictObject({ publicKey: z.base64() }));

const nothing = z.strictObject({});

/** The public half of the environment's wrapping key (SubjectPublicKeyInfo), which is made when it is first asked for. */
export const getWrappingKey = defineOperation<{}, { readonly publicKey: Uint8Array }>({
  name: 'keys.get-wrapping-key',
  kind: 'manage',
  input: nothing,
  targets: [],
  permission: 'keys:get-wrapping-key',
  run: async ({ house, caller }) => {
    const { environment } = caller.principal;
    const kept = await wrappingKeys.find(house, environment, wrappingId);
    if (kept) return { output: { publicKey: Buffer.from(kept.content.publicKey, 'base64') } };
    const made = await generateMaterial('RSA_4096');
    using encoded = made.encoded;
    const publicKey = present(made.publicKey);
    const sealed = await house.hierarchy.sealSmall(
      environment,
      documentSecretName(collection, wrappingId),
      encoded,
    );
    const content = { publicKey: Buffer.from(publicKey).toString('base64') };
    return {
      output: { publicKey },
      changes: [wrappingKeys.created(environment, wrappingId, content, { sealed })],
      facts: { made: true },
    };
  },
});

const wrappedInput = {
  /** An AES key under RSA-OAEP, and the material under AES-KWP. */
  wrapped: bytes(1, 32_768),
  /** Of RSA-OAEP. */
  hash: z.enum(hashNames),
};

async function unwrapped(
  house: House,
  environment: string,
  { wrapped, hash }: { readonly wrapped: Uint8Array; readonly hash: (typeof hashNames)[number] },
): Promise<SecretBytes> {
  const kept = await wrappingKeys.find(house, environment, wrappingId);
  if (!kept?.document.sealed)
    throw new ClavigerError('ciphertext-invalid', 'There is no wrapping key yet: ask for it first.');
  const what = documentSecretName(collection, wrappingId);
  using encoded = await house.hierarchy.openSmall(environment, what, kept.document.sealed);
  return unwrapRsaAes(hash, openMaterial('RSA_4096', encoded), wrapped);
}

const importInput = wholeShape.extend(wrappedInput);
type ImportInput = z.infer<typeof importInput>;

//= sp800-57p1r5 8.1.5.2.2: distribution of secret and private keys, wrapped under a key that is established for it
/** Makes a key of material that was wrapped under the environment's wrapping key. Throws `ciphertext-invalid`, `material-unsuitable`. */
export const importKey = defineOperation<ImportInput, Key>({
  name: 'keys.import-whole',
  kind: 'manage',
  input: importInput,
  targets: [],
  permission: 'keys:import-whole',
  run: async (work, { wrapped, hash, ...shape }) => {
    using material = await unwrapped(work.house, work.caller.principal.environment, { wrapped, hash });
    const first = { number: 1, material, createdAt: work.now };
    return await wholeKey(work.house, work, shape, [first]);
  },
});

const nextInput = z.strictObject({ key: keyReference, ...wrappedInput });
type NextInput = z.infer<typeof nextInput>;

/** Brings the next version of a key that came whole from outside: it protects from now on. */
export const importNextVersion = defineOperation<NextInput, Key>({
  name: 'keys.import-next-version',
  kind: 'manage',
  input: nextInput,
  targets: [onKey<NextInput>({ permission: 'keys:import-material', act: 'manage', conditions: usableOnly })],
  quorum: 'import-replace',
  run: async (work, wish) => {
    const { key } = present(work.keys[0]);
    requireTakesVersions(key);
    using material = await unwrapped(work.house, key.environment, wish);
    return await withNext(work, key, material, work.now);
  },
});

function requireTakesVersions(key: Key): void {
  if (key.origin === 'imported' && !key.pending) return;
  throw new ClavigerError(
    'operation-unsupported',
    'the import_version endpoint can only be used with an imported key',
  );
}

async function withNext({ house }: Work, key: Key, material: SecretBytes, now: Instant) {
  const old = currentVersion(key);
  const arriving = { number: old.number + 1, material, createdAt: now };
  const { version, stored, known, isOver } = await arrivedVersion(house, key, arriving, now);
  if (isOver)
    throw new ClavigerError('material-unsuitable', 'The material has stopped protecting as another key.');
  if (key.versions.some(({ materialId }) => materialId === version.materialId))
    throw new ClavigerError('material-unsuitable', 'The key has had this material already.');
  const retired =
    old.state === 'active' ? changeState(old, 'deactivated', { at: now, cause: 'rotated' }) : old;
  const after: Key = { ...key, versions: [...key.versions.slice(0, -1), retired, version] };
  return {
    output: revised(key, after),
    changes: [updateOf(key, after, { added: [stored] }), known],
    facts: { version: version.number, materialId: version.materialId },
  };
}
