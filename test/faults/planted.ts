import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';

/** Something that must be found nowhere. */
export type Planted = { readonly what: string; readonly bytes: Buffer };

const hexOf = (bytes: Buffer) => bytes.toString('hex');
const escaped = (bytes: Buffer) => hexOf(bytes).replace(/../g, (pair) => `%${pair}`);

/** The characters of a base64 text that stand for these bytes alone, wherever in the text they begin. */
function base64Forms(bytes: Buffer): string[] {
  return [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    return text.slice(Math.ceil((offset * 8) / 6), text.length - 1);
  });
}

/** Every form in which the bytes could stand in a file. */
function formsOf(bytes: Buffer): Buffer[] {
  const texts = base64Forms(bytes).flatMap((text) => [
    text,
    text.replaceAll('+', '-').replaceAll('/', '_'),
    text.replaceAll('/', String.raw`\/`),
    encodeURIComponent(text),
  ]);
  texts.push(hexOf(bytes), hexOf(bytes).toUpperCase(), escaped(bytes), escaped(bytes).toUpperCase());
  return [bytes, ...[...new Set(texts)].map((text) => Buffer.from(text))];
}

/** Names the planted things that stand in a haystack: raw, or in base64, hexadecimal or URL encoding. */
export function foundIn(haystack: Buffer | string, planted: readonly Planted[]): string[] {
  const bytes = Buffer.from(haystack);
  return planted
    .filter((thing) => formsOf(thing.bytes).some((form) => bytes.includes(form)))
    .map(({ what }) => what);
}

/** Plants things, and remembers them. */
export function planter() {
  const planted: Planted[] = [];
  return {
    planted,
    /** A text of its own. */
    plant(what: string): string {
      const text = `Planted${randomBytes(15).toString('base64url')}`;
      planted.push({ what, bytes: Buffer.from(text) });
      return text;
    },
    /** A secret that the server made. */
    note(what: string, secret: unknown, encoding: BufferEncoding = 'base64'): void {
      assert.equal(typeof secret, 'string', what);
      const bytes = Buffer.from(String(secret), encoding);
      // of a long private key the middle: its ends are the same in every key
      planted.push({ what, bytes: bytes.length > 150 ? bytes.subarray(bytes.length - 150, -110) : bytes });
    },
  };
}

export type Planter = ReturnType<typeof planter>;
