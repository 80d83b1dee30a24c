import { ClavigerError } from '#domain';

/** An optional block: two letters or digits, and printable ASCII whose meaning is that of the identifier. */
export type OptionalBlock = { readonly id: string; readonly data: string };

/**
 * What a key block says of its key in the clear; all of it is authenticated. The codes are those of the
 * standard: `usage: 'D0'` is data encryption, `algorithm: 'A'` AES, `modeOfUse: 'B'` both ways,
 * `exportability: 'N'` not exportable.
 */
export type KeyBlockHeader = {
  readonly version: 'D';
  readonly usage: string;
  readonly algorithm: string;
  readonly modeOfUse: string;
  /** Two characters; '00' where versions are not used. */
  readonly keyVersion: string;
  readonly exportability: 'E' | 'N' | 'S';
  /** Where the key is kept under: '0' not said, '1' a storage key, '2' a key exchange key. */
  readonly keyContext?: '0' | '1' | '2';
  /** Without the padding block PB, which is checked when read and made afresh when written. */
  readonly optionalBlocks: readonly OptionalBlock[];
};

/** The characters that an optional block must fill up to, and the most that a key block can have. */
const fieldStep = 16;
export const blockLengthMax = 9999;

const fixedForm = /^D(\d{4})([0-9A-Z]{2})([0-9A-Z])([0-9A-Z])([0-9A-Za-z]{2})([ENS])(\d{2})([012])0$/;
const idForm = /^[0-9A-Z]{2}$/;
const printable = /^[\x20-\x7e]*$/;
const fixedLength = 16;

export function malformed(why: string): ClavigerError {
  return new ClavigerError('input-invalid', `The key block is not one of version D: ${why}.`);
}

/** A header as it stands in a block, and the number of characters that it takes. */
export type ReadHeader = { readonly header: KeyBlockHeader; readonly length: number };

//= x9.143 6.2: the fixed fields; 6.3: the optional blocks, and their padding to a multiple of 16 in version D
/** Reads the header of a block of any origin. Throws `input-invalid`. */
export function parseHeader(block: string): ReadHeader {
  if (block.length > blockLengthMax) throw malformed(`it has more than ${blockLengthMax} characters`);
  if (!printable.test(block)) throw malformed('it has characters that are not printable ASCII');
  const fields = fixedForm.exec(block.slice(0, fixedLength));
  if (fields === null) throw malformed('its first 16 characters are no header');
  const [, length, usage, algorithm, modeOfUse, keyVersion, exportability, count, keyContext] =
    fields as unknown as readonly [string, ...string[]];
  if (Number(length) !== block.length) throw malformed('its length is not the one that it states');
  const optional = parseOptional(block, Number(count));
  const header = { version: 'D', usage, algorithm, modeOfUse, keyVersion, exportability, keyContext };
  return {
    header: { ...header, optionalBlocks: optional.blocks } as unknown as KeyBlockHeader,
    length: optional.end,
  };
}

function parseOptional(block: string, count: number): { blocks: OptionalBlock[]; end: number } {
  const blocks: OptionalBlock[] = [];
  const seen = new Set<string>();
  let at = fixedLength;
  for (let index = 0; index < count; index += 1) {
    const { id, data, end } = parseOne(block, at);
    if (seen.has(id)) throw malformed(`the optional block ${id} is there twice`);
    seen.add(id);
    if (id !== 'PB') blocks.push({ id, data });
    else if (index !== count - 1 || count === 1)
      throw malformed('its padding block is not the last of several');
    at = end;
  }
  if (at % fieldStep !== 0)
    throw malformed(`its optional blocks do not fill a multiple of ${fieldStep} characters`);
  return { blocks, end: at };
}

/** The forms of a length: two hexadecimal digits, or 0002 and four of them; it counts the whole block. */
const shortLength = /^[0-9A-F]{2}$/;
const longLength = /^0002[0-9A-F]{4}$/;

function parseOne(block: string, at: number): OptionalBlock & { readonly end: number } {
  const id = block.slice(at, at + 2);
  if (!idForm.test(id)) throw malformed('an optional block has no identifier');
  const short = block.slice(at + 2, at + 4);
  const long = block.slice(at + 2, at + 10);
  const isLong = short === '00';
  if (!(isLong ? longLength.test(long) : shortLength.test(short)))
    throw malformed(`the optional block ${id} has no length`);
  const length = Number.parseInt(isLong ? long.slice(4) : short, 16);
  const start = at + (isLong ? 10 : 4);
  const end = at + length;
  if (end < start || end > block.length || (isLong && length < 256))
    throw malformed(`the optional block ${id} has an impossible length`);
  return { id, data: block.slice(start, end), end };
}

/**
 * Writes a header for a block whose other parts take `restLength` characters. Throws `input-invalid` for
 * fields that have not the form of the standard, and for a block that would be too long.
 */
export function formatHeader(header: KeyBlockHeader, restLength: number): string {
  const blocks = header.optionalBlocks.map(formatOptional);
  if (new Set(header.optionalBlocks.map(({ id }) => id)).size !== blocks.length)
    throw malformed('an optional block is given twice');
  const padding = paddingFor(blocks.join('').length);
  if (padding !== '') blocks.push(padding);
  const optional = blocks.join('');
  const length = fixedLength + optional.length + restLength;
  if (blocks.length > 99 || length > blockLengthMax) throw malformed('it would be too long');
  const { version, usage, algorithm, modeOfUse, keyVersion, exportability } = header;
  const text =
    `${version}${String(length).padStart(4, '0')}${usage}${algorithm}${modeOfUse}${keyVersion}` +
    `${exportability}${String(blocks.length).padStart(2, '0')}${header.keyContext ?? '0'}0`;
  if (!fixedForm.test(text)) throw malformed('a field of its header has not the form of the standard');
  return text + optional;
}

function formatOptional({ id, data }: OptionalBlock): string {
  if (!idForm.test(id) || id === 'PB' || !printable.test(data))
    throw malformed('an optional block is not an identifier of two letters or digits with printable ASCII');
  const short = data.length + 4;
  if (short < 256) return `${id}${hex(short, 2)}${data}`;
  if (data.length + 10 > blockLengthMax) throw malformed('it would be too long');
  return `${id}0002${hex(data.length + 10, 4)}${data}`;
}

/** The padding block that a total of optional blocks needs: none, or 4 to 19 characters. */
function paddingFor(length: number): string {
  const missing = (fieldStep - (length % fieldStep)) % fieldStep;
  if (missing === 0) return '';
  const own = missing < 4 ? missing + fieldStep : missing;
  return `PB${hex(own, 2)}${'0'.repeat(own - 4)}`;
}

function hex(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, '0');
}
