import { operations } from '#operations';
import type { Answer } from '../../answer.ts';
import { base64, type Fields } from '../../fields.ts';
import type { Asked, Route } from '../../route.ts';
import { VaultError } from '../../vault-error.ts';
import { hashNamed, hashWord } from '../transit/hashes.ts';

const randomMax = 131_072;
const sources: ReadonlySet<string> = new Set(['platform', 'seal', 'all']);

/** How bytes are written: Vault has two words for it. */
function writerOf(fields: Fields, usual: 'hex' | 'base64'): (bytes: Uint8Array) => string {
  const format = fields.text('format') || usual;
  if (format === 'hex') return (bytes) => Buffer.from(bytes).toString('hex');
  if (format === 'base64') return base64;
  const told = JSON.stringify(format.slice(0, 64));
  throw new VaultError(400, `unsupported encoding format ${told}; must be "hex" or "base64"`);
}

async function hash(asked: Asked): Promise<Answer> {
  const { fields, part } = asked;
  const data = fields.bytes('input') ?? Buffer.alloc(0);
  const write = writerOf(fields, 'hex');
  const word = hashWord(part('hash'), fields, ['algorithm']);
  const named = hashNamed(word);
  //= vault: the hash endpoint has no sha1
  if (!named || named === 'SHA1') throw new VaultError(400, `unsupported algorithm ${word.slice(0, 64)}`);
  const { digest } = await asked.run(operations.digest, { hash: named, data });
  return { data: { sum: write(digest) } };
}

/** The source and the count of a request, both of which the path may name: a number alone is the count. */
function readRandom({ fields, part }: Asked): { source: string; count: number } {
  const [first, second] = [part('source'), part('count')];
  const isCount = second === '' && first !== '' && !sources.has(first);
  const source = (isCount ? '' : first) || fields.text('source') || 'platform';
  const inPath = isCount ? first : second;
  if (inPath !== '' && !/^[+-]?[0-9]{1,9}$/.test(inPath))
    throw new VaultError(400, `error parsing url-set byte count: ${JSON.stringify(inPath.slice(0, 64))}`);
  return { source, count: inPath === '' ? (fields.whole('bytes') ?? 32) : Number(inPath) };
}

async function random(asked: Asked): Promise<Answer> {
  const { source, count } = readRandom(asked);
  if (count < 1) throw new VaultError(400, '"bytes" cannot be less than 1');
  if (count > randomMax) throw new VaultError(400, `"bytes" should be less than ${randomMax}`);
  const write = writerOf(asked.fields, 'base64');
  if (!sources.has(source))
    throw new VaultError(
      400,
      `unsupported entropy source ${JSON.stringify(source.slice(0, 64))}; must be "platform" or "seal", or "all"`,
    );
  const { bytes } = await asked.run(operations.generateRandom, { length: count });
  const text = write(bytes);
  bytes.fill(0);
  return { data: { random_bytes: text } };
}

/** Hashes and random bytes, which two engines offer, each under paths of its own. */
export function toolRoutes(prefix: '' | 'tools/'): readonly Route[] {
  const hashes = { update: hash };
  const randoms = { update: random };
  return [
    { path: `${prefix}hash`, about: 'Hashes data.', handlers: hashes },
    { path: `${prefix}hash/{hash}`, about: 'Hashes data with what the path names.', handlers: hashes },
    { path: `${prefix}random`, about: 'Makes random bytes.', handlers: randoms },
    {
      path: `${prefix}random/{source}`,
      about: 'Makes random bytes, so many or from there.',
      handlers: randoms,
    },
    {
      path: `${prefix}random/{source}/{count}`,
      about: 'Makes so many random bytes from there.',
      handlers: randoms,
    },
  ];
}
