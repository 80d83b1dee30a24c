import { CertificateError } from './certificate-error.ts';
import { derTags, derTime, derValueAt, derValuesIn, type DerValue } from './der.ts';

/** What a certificate revocation list says. */
export type RevocationList = {
  /** Of what is revoked: hexadecimal, without zeros in front. */
  readonly serials: readonly string[];
  /** When the next one is to be had, in milliseconds; null: not said. */
  readonly nextUpdate: number | null;
};

const bytesMax = 1_048_576;
/** As many as a record of the house holds well. */
const entriesMax = 20_000;

const pemForm = /-----BEGIN X509 CRL-----([A-Za-z0-9+/=\s]+)-----END X509 CRL-----/;

/** Contents of object identifiers, hexadecimal. */
const deltaIndicator = '551d1b';
const reasonCode = '551d15';
const removeFromList = 8;

function derOf(content: string | Uint8Array): Uint8Array {
  const text = typeof content === 'string' ? content : Buffer.from(content).toString('latin1');
  const pem = pemForm.exec(text)?.[1];
  if (pem !== undefined) return Buffer.from(pem, 'base64');
  if (typeof content === 'string') throw new CertificateError('there is no revocation list in PEM');
  return content;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

/** Reads the values of a sequence in their order, of which some may be left out. */
class Sequence {
  readonly #values: readonly DerValue[];
  #at = 0;

  constructor({ tag, content }: DerValue) {
    if (tag !== derTags.sequence) throw new CertificateError('it can not be read: a sequence is missing');
    this.#values = [...derValuesIn(content)];
  }

  /** The next one, where it has one of the tags. */
  take(...tags: readonly number[]): DerValue | null {
    const value = this.#values[this.#at];
    if (!value || !tags.includes(value.tag)) return null;
    this.#at += 1;
    return value;
  }

  need(...tags: readonly number[]): DerValue {
    const value = this.take(...tags);
    if (value) return value;
    throw new CertificateError('it can not be read: a part is missing');
  }

  end(): void {
    if (this.#at < this.#values.length) throw new CertificateError('it can not be read: a part too many');
  }
}

/** The value of an extension among others; null: there is none. */
function extensionIn(list: DerValue, identifier: string): Uint8Array | null {
  for (const extension of derValuesIn(list.content)) {
    const [first, ...rest] = derValuesIn(extension.content);
    if (first?.tag === derTags.identifier && hex(first.content) === identifier)
      return rest.at(-1)?.content ?? new Uint8Array(0);
  }
  return null;
}

/** The serial of an entry; null: it says that something is revoked no more. */
function serialIn(entry: DerValue): string | null {
  const parts = new Sequence(entry);
  const serial = parts.need(derTags.integer);
  parts.need(derTags.utcTime, derTags.generalizedTime);
  const extensions = parts.take(derTags.sequence);
  parts.end();
  const reason = extensions && extensionIn(extensions, reasonCode);
  if (reason && reason.at(-1) === removeFromList) return null;
  return hex(serial.content).replace(/^0+(?=.)/, '');
}

function serialsIn(list: DerValue | null): readonly string[] {
  const serials = new Set<string>();
  for (const entry of derValuesIn(list?.content ?? new Uint8Array(0))) {
    const serial = serialIn(entry);
    if (serial !== null) serials.add(serial);
    if (serials.size > entriesMax) throw new CertificateError(`it has more than ${entriesMax} entries`);
  }
  return [...serials];
}

//= rfc5280 5.1.2: version, signature, issuer, thisUpdate, nextUpdate, revokedCertificates, crlExtensions
/**
 * Reads a revocation list, PEM or DER. Its signature is not verified: whoever hands it in may say what is revoked. Throws a
 * CertificateError.
 */
export function readRevocationList(content: string | Uint8Array): RevocationList {
  if (content.length > bytesMax) throw new CertificateError(`it is larger than ${bytesMax} bytes`);
  const der = derOf(content);
  const whole = derValueAt(der, 0);
  if (whole.end !== der.length)
    throw new CertificateError('it can not be read: there is something behind it');
  const signed = new Sequence(new Sequence(whole).need(derTags.sequence));
  signed.take(derTags.integer);
  signed.need(derTags.sequence);
  signed.need(derTags.sequence);
  signed.need(derTags.utcTime, derTags.generalizedTime);
  const nextUpdate = signed.take(derTags.utcTime, derTags.generalizedTime);
  const revoked = signed.take(derTags.sequence);
  const extensions = signed.take(derTags.extensions);
  signed.end();
  //= rfc5280 5.2.4: a delta says only what changed
  const list = extensions && derValueAt(extensions.content, 0);
  if (list && extensionIn(list, deltaIndicator) !== null)
    throw new CertificateError('it is a delta, of which the whole list is not known');
  return { serials: serialsIn(revoked), nextUpdate: nextUpdate && derTime(nextUpdate) };
}
