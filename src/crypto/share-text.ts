import { ClavigerError } from '#domain';
import { fromBase32, toBase32 } from './base32.ts';
import { constantTimeEqual, sha256 } from './digest.ts';
import { SecretBytes } from './secret-bytes.ts';

/** One share of a secret, as it was read from its text. */
export type Share = {
  /** Names the set of shares that fit together, e.g. `k7qm-2rzt`; not secret. */
  readonly setId: string;
  /** Which one of the set it is, from 1. */
  readonly index: number;
  /** How many shares the set has, 2 to 16. */
  readonly shares: number;
  /** How many of them give the secret, 2 to `shares`. */
  readonly threshold: number;
  /** What the scheme made: secret. */
  readonly part: SecretBytes;
};

const word = 'claviger-share-';
const format = `${word}1`;
export const shareCountMax = 16;
const textLengthMax = 256;
const partLengths = Object.freeze({ min: 24, max: 80 });
const checksumBytes = 5;
const group = 4;
const [colon, dash] = [58, 45];

function invalid(message: string): ClavigerError {
  return new ClavigerError('share-invalid', message);
}

function grouped(characters: Uint8Array): Uint8Array {
  const count = Math.ceil(characters.length / group);
  const text = Buffer.allocUnsafeSlow(characters.length + count - 1).fill(dash);
  for (let at = 0; at < count; at += 1)
    text.set(characters.subarray(at * group, (at + 1) * group), at * (group + 1));
  return text;
}

/** Characters without the dashes between groups of four; null where the dashes stand elsewhere. */
function ungrouped(text: Uint8Array): Uint8Array | null {
  const characters = Buffer.allocUnsafeSlow(text.length - Math.floor(text.length / (group + 1)));
  let at = 0;
  for (const [place, character] of text.entries()) {
    const isDash = place % (group + 1) === group;
    if ((character === dash) !== isDash) {
      characters.fill(0);
      return null;
    }
    if (!isDash) characters[at++] = character;
  }
  if (text.at(-1) === dash) return null;
  return characters;
}

function checksum(text: Uint8Array): Uint8Array {
  return grouped(toBase32(sha256(text).subarray(0, checksumBytes)));
}

/** A new name of a set. */
export function newSetId(): string {
  return SecretBytes.random(5).use((bytes) => Buffer.from(grouped(toBase32(bytes))).toString('latin1'));
}

/**
 * Writes a share as one line of ASCII that can be printed, carried and typed:
 * `claviger-share-1:SETID:INDEX-of-SHARES:THRESHOLD:PART:CHECKSUM`. Set id, part and checksum are base32 in groups of four; the
 * checksum is the first 40 bits of SHA-256 over all that stands before it. The caller wipes the result.
 */
export function writeShare({ setId, index, shares, threshold, part }: Share): Uint8Array {
  const head = Buffer.from(`${format}:${setId}:${index}-of-${shares}:${threshold}:`, 'latin1');
  const characters = part.use(toBase32);
  const body = grouped(characters);
  const text = Buffer.allocUnsafeSlow(head.length + body.length + 1 + checksumBytes * 2 - 1);
  text.set(head);
  text.set(body, head.length);
  const end = head.length + body.length;
  const sum = checksum(text.subarray(0, end));
  text[end] = colon;
  text.set(sum, end + 1);
  characters.fill(0);
  body.fill(0);
  return text;
}

const isBlank = (character: number | undefined): boolean =>
  character === 32 || character === 9 || character === 10 || character === 13;

/** Without the blanks and line ends around it. */
function trimmed(text: Uint8Array): Uint8Array {
  let [start, end] = [0, text.length];
  while (start < end && isBlank(text[start])) start += 1;
  while (end > start && isBlank(text[end - 1])) end -= 1;
  return text.subarray(start, end);
}

function fieldsOf(text: Uint8Array): Uint8Array[] {
  const fields: Uint8Array[] = [];
  let start = 0;
  for (let end = text.indexOf(colon); end >= 0; end = text.indexOf(colon, start)) {
    fields.push(text.subarray(start, end));
    start = end + 1;
  }
  return [...fields, text.subarray(start)];
}

const said = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const setIdForm = /^[0-9a-hjkmnp-tv-z]{4}-[0-9a-hjkmnp-tv-z]{4}$/;
const numberForm = /^[1-9][0-9]?$/;

/** A set id, as `newSetId` makes them. */
export function isSetId(text: string): boolean {
  return setIdForm.test(text);
}

/** Whether a secret can be split so: 2 to 16 shares, of which 2 to all give the secret. */
export function isScheme(shares: number, threshold: number): boolean {
  const whole = Number.isInteger(shares) && Number.isInteger(threshold);
  return whole && threshold >= 2 && threshold <= shares && shares <= shareCountMax;
}

/**
 * Reads what `writeShare` wrote, in that one spelling, blanks around it aside. The text is a stranger's. Throws `share-invalid`; no
 * message repeats anything of the text. The caller wipes the text, and disposes of the part.
 */
export function readShare(text: Uint8Array): Share {
  const line = trimmed(text.length > 2 * textLengthMax ? text.subarray(0, 2 * textLengthMax) : text);
  const fields = fieldsOf(line);
  const [first = line, setBytes = line, placeBytes = line, thresholdBytes = line, body = line, sum = line] =
    fields;
  if (line.length > textLengthMax || fields.length !== 6 || !said(first).startsWith(word)) {
    throw invalid(`This is not a share: a share is one line that begins with ${format}: and has six parts.`);
  }
  if (said(first) !== format) throw invalid('This share has a format of another version of Claviger.');
  if (!constantTimeEqual(checksum(line.subarray(0, line.length - sum.length - 1)), sum)) {
    throw invalid(
      'The checksum of the share does not match: it was mistyped, damaged or cut. Type it again.',
    );
  }
  const [setId, place, wanted] = [said(setBytes), said(placeBytes).split('-of-'), said(thresholdBytes)];
  const [index, shares, threshold] = [Number(place[0]), Number(place[1]), Number(wanted)];
  const isNumbered = place.length === 2 && [...place, wanted].every((each) => numberForm.test(each));
  if (!isSetId(setId) || !isNumbered || !isScheme(shares, threshold) || index > shares) {
    throw invalid('The share has a right checksum, but no share of Claviger looks like this.');
  }
  return { setId, index, shares, threshold, part: readPart(body) };
}

function readPart(body: Uint8Array): SecretBytes {
  const characters = ungrouped(body);
  const part = characters && fromBase32(characters);
  characters?.fill(0);
  if (part && part.length >= partLengths.min && part.length <= partLengths.max) return SecretBytes.take(part);
  part?.fill(0);
  throw invalid('The share has a right checksum, but no share of Claviger looks like this.');
}
