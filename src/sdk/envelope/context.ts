import { EnvelopeError } from './envelope-error.ts';

/** What a file belongs to: told in its head, and bound to its data key by the server. */
export type FileContext = Readonly<Record<string, string>>;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function packed(text: string): Buffer {
  if (!text.isWellFormed()) throw new RangeError('The context is not well-formed Unicode.');
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(2);
  if (bytes.length > 0xffff) throw new RangeError('The context is too long.');
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** A context in its one form: names and values in UTF-8, each behind its length (2 bytes), ordered by the bytes of the names. */
export function packContext(context: FileContext): Buffer {
  const pairs = Object.entries(context).map(([name, value]) => ({
    name: Buffer.from(name),
    bytes: Buffer.concat([packed(name), packed(value)]),
  }));
  pairs.sort((a, b) => Buffer.compare(a.name, b.name));
  const bytes = Buffer.concat(pairs.map((pair) => pair.bytes));
  if (bytes.length > 0xffff) throw new RangeError('The context is too long.');
  return bytes;
}

/** Reads a context that anybody may have written; another form than the one is `damaged`. */
export function readContext(bytes: Uint8Array): FileContext {
  const context: Record<string, string> = { __proto__: null as never };
  let at = 0;
  const text = (): string => {
    const begin = at + 2;
    const end = begin + ((bytes[at] ?? 0) << 8) + (bytes[at + 1] ?? 0);
    if (end > bytes.length) throw new RangeError('cut');
    at = end;
    return decoder.decode(bytes.subarray(begin, end));
  };
  try {
    while (at < bytes.length) {
      const name = text();
      context[name] = text();
    }
    // names out of order or twice come out otherwise than they went in
    if (packContext(context).equals(bytes)) return context;
  } catch {
    // said below
  }
  throw new EnvelopeError('damaged', 'The context in the head of the file is damaged.');
}
