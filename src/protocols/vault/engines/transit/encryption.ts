import { hasCode, type ClavigerError } from '#domain';
import { operations, type ItemResult } from '#operations';
import type { Answer } from '../../answer.ts';
import { base64AndWipe, type Fields } from '../../fields.ts';
import type { Asked, Route } from '../../route.ts';
import { vaultError, VaultError } from '../../vault-error.ts';
import { readVersioned, writeVersioned } from './ciphertext.ts';
import { createNamed, fullName, isMissing, keyOf, lookUpKey, orMissing } from './keys.ts';

const itemsMax = 10_000;
const nothing = new Uint8Array(0);

const noKey = () => new VaultError(400, 'encryption key not found');

type Item<T> = { readonly fields: Fields; readonly read: T | VaultError };

/** The items of a request: a batch, or the request itself as its only one. */
function itemsOf<T>(
  { fields }: Asked,
  read: (item: Fields) => T,
): { readonly isBatch: boolean; readonly items: readonly Item<T>[] } {
  const batch = fields.batch('batch_input');
  if (!batch) return { isBatch: false, items: [{ fields, read: attempt(() => read(fields)) }] };
  if (batch.length === 0) throw new VaultError(400, 'missing batch input to process');
  if (batch.length > itemsMax)
    throw new VaultError(400, `too many items in batch_input: at most ${itemsMax}`);
  requireContextsAlike(batch);
  return { isBatch: true, items: batch.map((item) => ({ fields: item, read: attempt(() => read(item)) })) };
}

function requireContextsAlike(batch: readonly Fields[]): void {
  const withContext = batch.filter((item) => (item.text('context') ?? '') !== '').length;
  if (withContext !== 0 && withContext !== batch.length)
    throw new VaultError(400, 'context should be set either in all the request blocks or in none');
}

function attempt<T>(work: () => T): T | VaultError {
  try {
    return work();
  } catch (error) {
    if (error instanceof VaultError) return error;
    throw error;
  }
}

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

/** Runs what could be read as one operation, and gives every item its result in its place. */
async function together<T, R extends object>(
  items: readonly Item<T>[],
  work: (read: readonly T[]) => Promise<readonly ItemResult<R>[]>,
): Promise<readonly (R | VaultError)[]> {
  const readable = items.flatMap(({ read }) => (read instanceof VaultError ? [] : [read]));
  const results = readable.length === 0 ? [] : await work(readable);
  let next = 0;
  return items.map(({ read }) => {
    if (read instanceof VaultError) return read;
    const result = results[next];
    next += 1;
    if (!result) throw new Error('an item has no result');
    return hasFailed(result) ? vaultError(result.error) : result;
  });
}

function hasFailed<R extends object>(result: ItemResult<R>): result is { readonly error: ClavigerError } {
  return 'error' in result;
}

type Shown<R> = {
  readonly empty: Readonly<Record<string, unknown>>;
  readonly show: (result: R) => Readonly<Record<string, unknown>>;
};

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
  const batch = results.map((result, at) => ({
    ...(result instanceof VaultError ? { ...empty, error: result.errors.join('; ') } : show(result)),
    reference: items[at]?.fields.text('reference') ?? '',
  }));
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
  const asked = new Set(
    items.map((item) => item.fields.whole('key_version') ?? fields.whole('key_version') ?? 0),
  );
  if (asked.size > 1) throw new VaultError(400, 'key_version must be the same in all items of a batch');
  const [version = 0] = asked;
  if (version < 0) throw new VaultError(400, 'key version cannot be negative');
  return version === 0 ? null : version;
}

async function encrypt(asked: Asked): Promise<Answer> {
  const request = itemsOf(asked, readPlain);
  const version = versionOf(asked, request.items);
  const seal = () =>
    together(request.items, async (items) => {
      const { results } = await asked.run(operations.encryptItems, {
        key: keyOf(asked),
        items: [...items],
        version,
      });
      return results;
    });
  let results;
  try {
    results = await seal();
  } catch (error) {
    if (!isMissing(error)) throw error;
    // a key that is not there yet is made with its first use
    await createNamed(asked, fullName(asked)).catch((reason: unknown) => {
      if (!hasCode(reason, 'name-taken')) throw reason;
    });
    results = await seal();
  }
  return answerOf(asked, request, results, sealedShape);
}

async function decrypt(asked: Asked): Promise<Answer> {
  const request = itemsOf(asked, readSealed);
  const open = async (items: readonly ReturnType<typeof readSealed>[]) =>
    (await asked.run(operations.decryptItems, { key: keyOf(asked), items: [...items] })).results;
  const results = await orMissing(together(request.items, open), noKey);
  return answerOf(asked, request, results, {
    empty: { plaintext: '' },
    show: ({ plaintext }) => ({ plaintext: base64AndWipe(plaintext) }),
  });
}

async function rewrap(asked: Asked): Promise<Answer> {
  const request = itemsOf(asked, readSealed);
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
