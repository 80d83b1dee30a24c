import { createSecureContext } from 'node:tls';
import { contentOf, type Element, elementsOf, inside, largestNumber, numberOf, tags } from './der.ts';
import { type Entry, type FoundMaterial, openPkcs8, refused, requireIterations } from './found.ts';

const identifiers = Object.freeze({
  data: '2a864886f70d010701',
  encryptedData: '2a864886f70d010706',
  keyBag: '2a864886f70d010c0a0101',
  shroudedKeyBag: '2a864886f70d010c0a0102',
  secretBag: '2a864886f70d010c0a0105',
  nestedBag: '2a864886f70d010c0a0106',
  friendlyName: '2a864886f70d010914',
});

/** Whether DER is a PFX: version 3, and content that is data. */
export function isPkcs12(content: Buffer): boolean {
  return (
    content.subarray(0, 64).includes(Buffer.from(`020103`, 'hex')) &&
    content.subarray(0, 64).includes(Buffer.from(`0609${identifiers.data}`, 'hex'))
  );
}

const otherwise =
  'openssl pkcs12 -legacy -in FILE -nodes -nocerts -out key.pem (then import key.pem, and shred it)';

//= rfc7292 4: a PFX is a sequence of safes; 5.1: with its integrity kept by a code under the passphrase
/**
 * The private keys of a PKCS#12 file, by their names. OpenSSL checks the code of the file and decrypts the
 * keys; safes that are encrypted as a whole are passed by, since keys are not kept there.
 */
export function readPkcs12(content: Buffer, passphrase: Buffer | null): Entry<FoundMaterial>[] {
  if (passphrase === null)
    throw refused('The file is PKCS#12, which needs a passphrase.', 'add --passphrase-file FILE');
  const [version, authSafe, mac] = inside(elementsOf(content)[0], tags.sequence);
  if (numberOf(version) !== 3) throw refused('The file is no PKCS#12 of version 3.', otherwise);
  requireKnownCode(mac);
  const bags = safesOf(authSafe).flatMap((safe) => bagsOf(safe));
  requireIntact(content, passphrase);
  return bags.map((bag, index) => ({
    name: nameOf(bag) ?? String(index + 1),
    open: () => openBag(bag, passphrase),
  }));
}

/** SHA-1, SHA-224, SHA-256, SHA-384 and SHA-512: the hashes of codes that OpenSSL checks for certain. */
const codeHashes: ReadonlySet<string> = new Set([
  '2b0e03021a',
  '608648016503040204',
  '608648016503040201',
  '608648016503040202',
  '608648016503040203',
]);

//= rfc7292 4: MacData is the digest with its algorithm, a salt and the iterations
/** Of a file without a code, or with one that nobody checks, nobody knows who made it. */
function requireKnownCode(mac: Element | undefined): void {
  if (mac === undefined)
    throw refused('The PKCS#12 file has no code that shows that it is whole.', otherwise);
  requireIterations(largestNumber(mac));
  const [digest] = inside(mac, tags.sequence);
  const [algorithm] = inside(digest, tags.sequence);
  const [identifier] = inside(algorithm, tags.sequence);
  if (!codeHashes.has(contentOf(identifier, tags.identifier).toString('hex')))
    throw refused('The PKCS#12 file has a code of a kind that is not checked here.', otherwise);
}

/** The contents of the safes that are not encrypted as a whole. */
function safesOf(authSafe: Element | undefined): Buffer[] {
  const inner = dataOf(authSafe);
  if (inner === null)
    throw refused('The PKCS#12 file is not of the kind that a passphrase protects.', otherwise);
  const [sequence] = elementsOf(inner);
  return inside(sequence, tags.sequence)
    .map(dataOf)
    .filter((safe) => safe !== null);
}

/** What is in a ContentInfo of type data; null for one of another type. */
function dataOf(info: Element | undefined): Buffer | null {
  const [type, explicit] = inside(info, tags.sequence);
  const name = contentOf(type, tags.identifier).toString('hex');
  if (name === identifiers.encryptedData) requireBoundedEncryption(explicit);
  if (name !== identifiers.data) return null;
  return contentOf(inside(explicit, tags.first)[0], tags.octets);
}

//= rfc5652 8: EncryptedData is a version and the EncryptedContentInfo: type, algorithm, content
function requireBoundedEncryption(explicit: Element | undefined): void {
  const [, info] = inside(inside(explicit, tags.first)[0], tags.sequence);
  const [, algorithm] = inside(info, tags.sequence);
  if (algorithm !== undefined) requireIterations(largestNumber(algorithm));
}

type Bag = { readonly type: string; readonly value: Element; readonly attributes: Element | undefined };

/** The keys of a safe; certificates and the like are passed by. */
function bagsOf(safe: Buffer): Bag[] {
  return inside(elementsOf(safe)[0], tags.sequence).flatMap((element) => {
    const [identifier, explicit, attributes] = inside(element, tags.sequence);
    const type = contentOf(identifier, tags.identifier).toString('hex');
    const isKey =
      type === identifiers.keyBag || type === identifiers.shroudedKeyBag || type === identifiers.secretBag;
    if (type === identifiers.nestedBag) throw refused('The PKCS#12 file has safes within safes.', otherwise);
    if (!isKey) return [];
    const [value] = inside(explicit, tags.first);
    if (value === undefined) throw refused('The PKCS#12 file has an empty entry.');
    if (type === identifiers.shroudedKeyBag) {
      const [algorithm] = inside(value, tags.sequence);
      if (algorithm !== undefined) requireIterations(largestNumber(algorithm));
    }
    return [{ type, value, attributes }];
  });
}

/** What keytool calls the alias. */
function nameOf({ attributes }: Bag): string | null {
  if (attributes === undefined) return null;
  for (const attribute of inside(attributes, tags.set)) {
    const [identifier, values] = inside(attribute, tags.sequence);
    if (contentOf(identifier, tags.identifier).toString('hex') !== identifiers.friendlyName) continue;
    const text = contentOf(inside(values, tags.set)[0], tags.bmpString);
    if (text.length % 2 !== 0) return null;
    return Buffer.from(text).swap16().toString('utf16le');
  }
  return null;
}

function openBag({ type, value }: Bag, passphrase: Buffer): FoundMaterial {
  if (type === identifiers.secretBag)
    throw refused('That entry of the PKCS#12 file is a secret key, which is not taken from there.');
  const isShrouded = type === identifiers.shroudedKeyBag;
  try {
    return openPkcs8(value.whole, isShrouded ? passphrase : null);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_OSSL_EVP_UNSUPPORTED')
      throw refused('The key is encrypted by an algorithm that is no longer offered.', otherwise);
    throw error;
  }
}

/**
 * OpenSSL checks the code over all of the file before it looks inside, and only a context of TLS lets us ask
 * it to. What it says of the inside is not asked: certificates under RC2 are "unsupported", and a file without
 * certificates is none for TLS. The passphrase becomes a string that can not be wiped: this process ends soon.
 */
function requireIntact(pfx: Buffer, passphrase: Buffer): void {
  try {
    createSecureContext({ pfx, passphrase: passphrase.toString() });
  } catch (error) {
    const { code, message } = error as { readonly code?: string; readonly message: string };
    if (
      code === 'ERR_CRYPTO_UNSUPPORTED_OPERATION' ||
      /Unable to load (certificate|private key)/.test(message)
    )
      return;
    throw refused(
      'The PKCS#12 file does not open: the passphrase is wrong, or the file is damaged.',
      otherwise,
    );
  }
}
