import { CertificateError } from './certificate-error.ts';

/** One value of DER (X.690), by its place in the bytes that hold it. */
export type DerValue = {
  readonly tag: number;
  readonly content: Uint8Array;
  /** Where the next one begins. */
  readonly end: number;
};

export const derTags = Object.freeze({
  integer: 0x02,
  octets: 0x04,
  identifier: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  extensions: 0xa0,
});

function broken(what: string): CertificateError {
  return new CertificateError(`it can not be read: ${what}`);
}

const lengthBytesMax = 4;

/** The value that begins at a place. Throws a CertificateError for what is no DER with tags of one byte. */
export function derValueAt(bytes: Uint8Array, at: number): DerValue {
  const [tag, first] = [bytes[at], bytes[at + 1]];
  if (tag === undefined || first === undefined) throw broken('it ends too early');
  if ((tag & 0x1f) === 0x1f) throw broken('a tag of several bytes');
  let from = at + 2;
  let length = first;
  if (first >= 0x80) {
    const count = first & 0x7f;
    if (count === 0 || count > lengthBytesMax) throw broken('a length that DER has not');
    length = 0;
    for (let index = 0; index < count; index += 1) length = length * 256 + (bytes[from + index] ?? 0);
    from += count;
    //= x690 10.1: lengths take as few bytes as they can
    if (length < 0x80 || length < 256 ** (count - 1)) throw broken('a length that DER has not');
  }
  const end = from + length;
  if (end > bytes.length) throw broken('it ends too early');
  return { tag, content: bytes.subarray(from, end), end };
}

/** The values of which a constructed one is made, one after the other. */
export function* derValuesIn(content: Uint8Array): Generator<DerValue> {
  for (let at = 0; at < content.length; ) {
    const value = derValueAt(content, at);
    yield value;
    at = value.end;
  }
}

/** A time in milliseconds since 1970. Throws a CertificateError. */
export function derTime({ tag, content }: DerValue): number {
  const text = Buffer.from(content).toString('latin1');
  const [, year = '', rest = ''] =
    (tag === derTags.utcTime ? /^(\d\d)(\d{10})Z$/ : /^(\d{4})(\d{10})Z$/).exec(text) ?? [];
  //= rfc5280 4.1.2.5.1: two digits of 50 and more are of the last century
  const whole = tag === derTags.utcTime ? `${Number(year) >= 50 ? '19' : '20'}${year}` : year;
  const [month, day, hour, minute, second] = rest.match(/\d\d/g) ?? [];
  const time = Date.parse(`${whole}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (!Number.isFinite(time)) throw broken('a time that is none');
  return time;
}
