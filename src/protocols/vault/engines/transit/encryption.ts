import { hasCode } from '#domain';
import { operations } from '#operations';
import type { Answer } from '../../answer.ts';
import { base64AndWipe, type Fields } from '../../fields.ts';
import type { Asked, Route } from '../../route.ts';
import { VaultError } from '../../vault-error.ts';
import { batchResults, itemsOf, requireContextsAlike, together, type Item, type Shown } from './batch.ts';
import { readVersioned, writeVersioned } from './ciphertext.ts';
import { refusesUpsert } from './settings.ts';
import { createNamed, fullName, isMissing, keyOf, lookUpKey, orMissing } from './keys.ts';

const nothing = new Uint8Array(0);

const noKey = () => new VaultError(400, 'encryption key not found');

function besides(item: Fields) {
  const context = item.bytes('context');
  if ((item.text('nonce') ?? '') !== '')
    throw new VaultError(400, 'provided nonce not allowed: nonces are made by the server');
  return {
    associatedData: item.bytes('associated_data') ?? nothing,
    context: context && context.length > 0 ? context : null,
  };
}

function readPlain(item: Fields) {
  const plaintext = item.bytes('plaintext');
  if (plaintext === undefined) throw new VaultError(400, 'missing plaintext to encrypt');
  return { plaintext, ...besides(item) };
}

function readSealed(item: Fields) {
  const text = item.text('ciphertext');
  if (text === undefined || text === '') throw new VaultError(400, 'missing ciphertext to decrypt');
  const { version, bytes } = readVersioned(text, 'ciphertext');
  return { ciphertext: bytes, version, ...besides(item) };
}

//= vault: a batch with a user's error is answered as 400 with the whole envelope, unless the request says otherwise
function answerOf<T, R extends object>(
  { fields }: Asked,
  { isBatch, items }: { readonly isBatch: boolean; readonly items: readonly Item<T>[] },
  results: readonly (R | VaultError)[],
  { empty, show }: Shown<R>,
): Answer {
  if (!isBatch) {
    const [only] = results;
    if (!only || only instanceof VaultError) throw only ?? noKey();
    return { data: show(only) };
  }
  const batch = batchResults(items, results, { empty, show });
  const failed = results.filter((result) => result instanceof VaultError).length;
  const data = { batch_results: batch };
  if (failed === 0) return { data };
  const partial = fields.whole('partial_failure_response_code') ?? 0;
  const status = failed < results.length && partial >= 200 && partial <= 599 ? partial : 400;
  return { status, data };
}

const sealedShape: Shown<{ readonly ciphertext: Uint8Array; readonly version: number }> = {
  empty: {},
  show: ({ ciphertext, version }) => ({
    ciphertext: writeVersioned(version, ciphertext),
    key_version: version,
  }),
};

/** The version that a request asks for; those of a batch must agree. */
function versionOf({ fields }: Asked, items: readonly { readonly fields: Fields }[]): number | null {
  let version: number | null = null;
  for (const item of items) {
    const own = item.fields.whole('key_version') ?? fields.whole('key_version') ?? 0;
    if (version !== null && own !== version)
      throw new VaultError(400, 'key_version must be the same in all items of a batch');
    version = own;
  }
  if (version === null) return null;
  if (version < 0) throw new VaultError(400, 'key version cannot be negative');
  return version === 0 ? null : version;
}

async function encrypt(asked: Asked): Promise<Answer> {
  const request = itemsOf(asked, readPlain, requireContextsAlike);
  const version = versionOf(asked, request.items);
  const sealAll = async (items: readonly ReturnType<typeof readPlain>[]) =>
    (await asked.run(operations.encryptItems, { key: keyOf(asked), items: [...items], version })).results;
  const seal = () => together(request.items, sealAll);
  let results;
  try {
    results = await seal();
  } catch (error) {
    if (!isMissing(error)) throw error;
    if (refusesUpsert(asked)) throw noKey();
    // a key that is not there yet is made with its first use
    await createNamed(asked, fullName(asked)).catch((reason: unknown) => {
      if (!hasCode(reason, 'name-taken')) throw reason;
    });
    results = await seal();
  }
  return answerOf(asked, request, results, sealedShape);
}

async function decrypt(asked: Asked): Promise<Answer> {
  const request = itemsOf(asked, readSealed, requireContextsAlike);
  const open = async (items: readonly ReturnType<typeof readSealed>[]) =>
    (await asked.run(operations.decryptItems, { key: keyOf(asked), items: [...items] })).results;
  const results = await orMissing(together(request.items, open), noKey);
  return answerOf(asked, request, results, {
    empty: { plaintext: '' },
    show: ({ plaintext }) => ({ plaintext: base64AndWipe(plaintext) }),
  });
}

async function rewrap(asked: Asked): Promise<Answer> {
  const request = itemsOf(asked, readSealed, requireContextsAlike);
  const version = versionOf(asked, request.items);
  const again = async (items: readonly ReturnType<typeof readSealed>[]) =>
    (await asked.run(operations.rewrapItems, { key: keyOf(asked), items: [...items], version })).results;
  return answerOf(asked, request, await orMissing(together(request.items, again), noKey), sealedShape);
}

async function dataKey(asked: Asked): Promise<Answer> {
  const kind = asked.part('kind');
  if (kind !== 'plaintext' && kind !== 'wrapped')
    throw new VaultError(400, "Invalid path, must be 'plaintext' or 'wrapped'");
  const bits = asked.fields.whole('bits') ?? 256;
  if (bits !== 128 && bits !== 256 && bits !== 512) throw new VaultError(400, 'invalid bit length');
  const withPlaintext = kind === 'plaintext';
  const operation = withPlaintext
    ? operations.generateSealedDataKey
    : operations.generateSealedDataKeyWithoutPlaintext;
  const version = versionOf(asked, [{ fields: asked.fields }]);
  const made = await orMissing(
    asked.run(operation, { key: keyOf(asked), bits, withPlaintext, version, ...besides(asked.fields) }),
    noKey,
  );
  const data = sealedShape.show(made);
  return { data: made.plaintext ? { ...data, plaintext: base64AndWipe(made.plaintext) } : data };
}

export const encryptionRoutes: readonly Route[] = [
  {
    path: 'encrypt/{name}',
    about: 'Encrypts under a key, which is made where there is none.',
    exists: async (asked) => (await lookUpKey(asked)) !== null,
    handlers: { update: encrypt },
  },
  { path: 'decrypt/{name}', about: 'Decrypts what a key encrypted.', handlers: { update: decrypt } },
  {
    path: 'rewrap/{name}',
    about: 'Encrypts a ciphertext anew under the newest version.',
    handlers: { update: rewrap },
  },
  {
    path: 'datakey/{kind}/{name}',
    about: 'Makes a data key, encrypted under a key.',
    handlers: { update: dataKey },
  },
];
