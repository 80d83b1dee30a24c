import { operations, type MacChoice } from '#operations';
import type { Answer } from '../../answer.ts';
import type { Fields } from '../../fields.ts';
import type { Asked, Route } from '../../route.ts';
import { VaultError } from '../../vault-error.ts';
import { itemsOf, plainAnswer, readInput, together } from './batch.ts';
import { readVersioned, writeVersioned } from './ciphertext.ts';
import { hashWord, requireHash } from './hashes.ts';
import { askedVersion, keyOf, orMissing } from './keys.ts';

const noKey = () => new VaultError(400, 'encryption key not found');
const cmacBytes = 16;
const cmacBytesMin = 8;

function hmacChoice(inPath: string, fields: Fields, names: readonly string[]): MacChoice {
  const word = hashWord(inPath, fields, names);
  return { kind: 'HMAC', hash: requireHash(word, `unsupported algorithm ${JSON.stringify(word)}`) };
}

function cmacChoice(inPath: string, fields: Fields): MacChoice {
  if (inPath !== '' && !/^[0-9]{1,3}$/.test(inPath))
    throw new VaultError(400, 'the MAC length in the path is not a number');
  const length = (inPath === '' ? fields.whole('mac_length') : Number(inPath)) || cmacBytes;
  if (length < cmacBytesMin || length > cmacBytes)
    throw new VaultError(400, `invalid MAC length ${length}: ${cmacBytesMin} to ${cmacBytes} bytes`);
  return { kind: 'CMAC', length };
}

async function makeCodes(asked: Asked, choice: MacChoice, label: 'hmac' | 'cmac'): Promise<Answer> {
  const version = askedVersion(asked.fields);
  const message = `missing input for ${label.toUpperCase()}`;
  const request = itemsOf(asked, (item) => ({ message: readInput(item, true, message) }));
  const work = together(request.items, async (items) => {
    const { results } = await asked.run(operations.macItems, {
      key: keyOf(asked),
      items: [...items],
      version,
      choice,
    });
    return results;
  });
  return plainAnswer(request, await orMissing(work, noKey), {
    empty: {},
    show: ({ code, version: by }) => ({ [label]: writeVersioned(by, code) }),
  });
}

async function hmac(asked: Asked): Promise<Answer> {
  return makeCodes(
    asked,
    hmacChoice(asked.part('hash'), asked.fields, ['algorithm', 'hash_algorithm']),
    'hmac',
  );
}

async function cmac(asked: Asked): Promise<Answer> {
  return makeCodes(asked, cmacChoice(asked.part('length'), asked.fields), 'cmac');
}

/** Checks the codes of a request of `verify`. */
export async function verifyCodes(asked: Asked, kind: 'hmac' | 'cmac'): Promise<Answer> {
  const { fields, part } = asked;
  const choice =
    kind === 'hmac'
      ? hmacChoice(part('hash'), fields, ['hash_algorithm', 'algorithm'])
      : cmacChoice(part('hash'), fields);
  const label = kind === 'hmac' ? 'HMAC' : 'CMAC';
  const request = itemsOf(asked, (item, isBatch) => {
    const { version, bytes } = readVersioned(item.text(kind) ?? '', label);
    return { message: readInput(item, isBatch), code: bytes, version };
  });
  const work = together(request.items, async (items) => {
    const { results } = await asked.run(operations.verifyMacItems, {
      key: keyOf(asked),
      items: [...items],
      choice,
    });
    return results;
  });
  return plainAnswer(request, await orMissing(work, noKey), {
    empty: { valid: false },
    show: ({ valid }) => ({ valid }),
  });
}

export const codeRoutes: readonly Route[] = [
  {
    path: 'hmac/{name}',
    about: 'Makes an HMAC, beside whatever the key is for.',
    handlers: { update: hmac },
  },
  {
    path: 'hmac/{name}/{hash}',
    about: 'Makes an HMAC with a hash that the path names.',
    handlers: { update: hmac },
  },
  { path: 'cmac/{name}', about: 'Makes a CMAC under a key for that.', handlers: { update: cmac } },
  {
    path: 'cmac/{name}/{length}',
    about: 'Makes a CMAC of so many bytes.',
    handlers: { update: cmac },
  },
];
