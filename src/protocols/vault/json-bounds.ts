import { VaultError } from './vault-error.ts';

const depthMax = 64;
/** Strings, commas and opening brackets: what a batch of 10,000 items of ten members each has. */
const partsMax = 320_000;

const quote = 0x22;
const backslash = 0x5c;

/** Where a string ends that begins at `start`; the end of the text where it never does, which the parser then refuses. */
function endOfString(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let slashes = 0;
    while (text.charCodeAt(at - 1 - slashes) === backslash) slashes += 1;
    if (slashes % 2 === 0) return at;
  }
  return text.length;
}

/**
 * Parses JSON that a client sent, unless it would be dear: parsing takes many times the room of the text, and nobody else is served
 * meanwhile. Up to its first fault a text has as many parts here as for the parser. Throws in Vault's words.
 */
export function parseJson(text: string): unknown {
  let [depth, parts] = [0, 0];
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      at = endOfString(text, at);
      parts += 1;
    } else if (code === 0x7b || code === 0x5b) {
      depth += 1;
      parts += 1;
      if (depth > depthMax) throw new VaultError(400, 'error parsing JSON: it is nested too deeply');
    } else if (code === 0x7d || code === 0x5d) depth -= 1;
    else if (code === 0x2c) parts += 1;
    if (parts > partsMax) throw new VaultError(400, 'error parsing JSON: it has too many parts');
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new VaultError(400, 'error parsing JSON');
  }
}
