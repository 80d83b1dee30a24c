import { X509Certificate } from 'node:crypto';
import type { Extension, GeneralName, Name } from '@peculiar/asn1-x509';
import { CertificateError } from './certificate-error.ts';
import { derValueAt } from './der.ts';
import { isStrongKey, isStrongSignature } from './strength.ts';

/** Names that a certificate gives its holder. */
export type CertificateNames = {
  /** Of several the last; empty: there is none. */
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly organizationalUnits: readonly string[];
  readonly dns: readonly string[];
  readonly emails: readonly string[];
  readonly uris: readonly string[];
  readonly ips: readonly string[];
  /** Distinguished names, of which each is a list of parts in a form that can be compared. */
  readonly directories: readonly (readonly string[])[];
  /** Whether there are names of kinds beyond these. */
  readonly hasOthers: boolean;
};

/** Names below which those of all certificates under an authority must be, or must not. */
export type NameConstraints = { readonly permitted: CertificateNames; readonly excluded: CertificateNames };

/** A certificate, read once: what paths are built of and roles are matched against. */
export type Certificate = {
  readonly x509: X509Certificate;
  /** SHA-256 of the whole, hexadecimal. */
  readonly fingerprint: string;
  /** Hexadecimal, without zeros in front. */
  readonly serial: string;
  /** Milliseconds since 1970; both ends belong to it. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly isAuthority: boolean;
  /** How many authorities may stand between it and the holder; null: any number. */
  readonly pathLengthMax: number | null;
  /** Null: nothing is said, so that all are allowed. */
  readonly keyUsages: ReadonlySet<string> | null;
  /** Its extended key usage lets a client prove by it who it is, or there is none. */
  readonly isForClients: boolean;
  /** Its subject as a distinguished name that can be compared. */
  readonly subject: readonly string[];
  readonly names: CertificateNames;
  readonly constraints: NameConstraints | null;
  /** Hexadecimal; empty: there is none. */
  readonly subjectKeyId: string;
  readonly authorityKeyId: string;
  /** Signed by an algorithm, and holding a key, that still count. */
  readonly isStrong: boolean;
  /** A critical extension that nothing here understands. */
  readonly unknownCritical: string | null;
  /** Values by object identifier. */
  readonly extensions: ReadonlyMap<string, Buffer>;
};

type Asn1 = typeof import('@peculiar/asn1-x509') & typeof import('@peculiar/asn1-schema');

/** Loaded with the first certificate: a start needs none of it. */
let loaded: Promise<Asn1> | undefined;
function loadAsn1(): Promise<Asn1> {
  return (loaded ??= Promise.all([import('@peculiar/asn1-x509'), import('@peculiar/asn1-schema')]).then(
    ([x509, schema]) => ({ ...x509, ...schema }),
  ));
}

const commonNameType = '2.5.4.3';
const organizationType = '2.5.4.10';
const organizationalUnitType = '2.5.4.11';

const anyPurpose = '2.5.29.37.0';
const clientPurpose = '1.3.6.1.5.5.7.3.2';

const oids = Object.freeze({
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectNames: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  authorityKeyId: '2.5.29.35',
  purposes: '2.5.29.37',
});

//= rfc5280 4.2: a critical extension that is not understood ends the path; policies bind nobody who asks for none
const understood: ReadonlySet<string> = new Set([...Object.values(oids), '2.5.29.31', '2.5.29.32']);

/** Throws for characters that would say one name to a reader and another one to a program. */
function clean(text: string): string {
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(text) || !text.isWellFormed())
    throw new CertificateError('a name holds characters that no name has');
  return text;
}

type Part = { readonly type: string; readonly text: string | null; readonly compared: string };

function partsOf(name: Name): Part[] {
  return [...name].flatMap((step) =>
    [...step].map(({ type, value }) => {
      const { utf8String, printableString, teletexString, bmpString, universalString, ia5String, anyValue } =
        value;
      const found =
        utf8String ?? printableString ?? ia5String ?? bmpString ?? universalString ?? teletexString;
      const text = found === undefined ? null : clean(found);
      //= rfc5280 7.1: compared without regard to case and repeated spaces
      const compared =
        text === null
          ? Buffer.from(anyValue ?? new ArrayBuffer(0)).toString('hex')
          : text.trim().toLowerCase().replaceAll(/ +/g, ' ');
      return { type, text, compared: `${type}=${compared}` };
    }),
  );
}

function textsOf(parts: readonly Part[], wanted: string): string[] {
  return parts.flatMap(({ type, text }) => (type === wanted && text !== null ? [text] : []));
}

function generalNames(
  all: readonly GeneralName[],
): Omit<CertificateNames, 'commonName' | 'organizations' | 'organizationalUnits'> {
  const some = <T>(pick: (name: GeneralName) => T | undefined): T[] =>
    all.map(pick).filter((found) => found !== undefined);
  const [dns, emails] = [some((name) => name.dNSName).map(clean), some((name) => name.rfc822Name).map(clean)];
  const uris = some((name) => name.uniformResourceIdentifier).map(clean);
  const ips = some((name) => name.iPAddress).map(clean);
  const directories = some((name) => name.directoryName).map((name) =>
    partsOf(name).map(({ compared }) => compared),
  );
  const count = dns.length + emails.length + uris.length + ips.length + directories.length;
  return { dns, emails, uris, ips, directories, hasOthers: count < all.length };
}

const nobody = Object.freeze({ commonName: '', organizations: [], organizationalUnits: [] });

/** The extensions by their identifiers. Throws where one stands twice. */
function byIdentifier(extensions: readonly Extension[]): ReadonlyMap<string, Buffer> {
  const found = new Map<string, Buffer>();
  for (const { extnID, extnValue } of extensions) {
    if (found.has(extnID)) throw new CertificateError(`the extension ${extnID} stands twice`);
    found.set(extnID, Buffer.from(extnValue.buffer));
  }
  return found;
}

type Read = <T>(oid: string, shape: new () => T) => T | null;

function readerOf(asn1: Asn1, extensions: ReadonlyMap<string, Buffer>): Read {
  return (oid, shape) => {
    const value = extensions.get(oid);
    return value === undefined ? null : asn1.AsnConvert.parse(value, shape);
  };
}

function constraintsOf(asn1: Asn1, read: Read): NameConstraints | null {
  const found = read(oids.nameConstraints, asn1.NameConstraints);
  if (!found) return null;
  const subtrees = [...(found.permittedSubtrees ?? []), ...(found.excludedSubtrees ?? [])];
  //= rfc5280 4.2.1.10: minimum is zero and maximum absent
  if (subtrees.some(({ minimum, maximum }) => minimum !== 0 || maximum !== undefined))
    throw new CertificateError('name constraints have a minimum or maximum');
  const namesIn = (trees: readonly { base: GeneralName }[] | undefined): CertificateNames => ({
    ...nobody,
    ...generalNames([...(trees ?? [])].map(({ base }) => base)),
  });
  return { permitted: namesIn(found.permittedSubtrees), excluded: namesIn(found.excludedSubtrees) };
}

function hexOf(bytes: ArrayBuffer | undefined): string {
  return bytes === undefined ? '' : Buffer.from(bytes).toString('hex');
}

type Uses = Pick<Certificate, 'isAuthority' | 'pathLengthMax' | 'keyUsages' | 'isForClients'>;

/** What it may be used for. */
function usesOf(asn1: Asn1, read: Read): Uses {
  const basic = read(oids.basicConstraints, asn1.BasicConstraints);
  const usages = read(oids.keyUsage, asn1.KeyUsage);
  const purposes = read(oids.purposes, asn1.ExtendedKeyUsage);
  return {
    isAuthority: basic?.cA ?? false,
    pathLengthMax: basic?.pathLenConstraint ?? null,
    keyUsages: usages && new Set<string>(usages.toJSON()),
    isForClients: purposes === null || [clientPurpose, anyPurpose].some((each) => purposes.includes(each)),
  };
}

type KeyIds = Pick<Certificate, 'subjectKeyId' | 'authorityKeyId'>;

function keyIdsOf(asn1: Asn1, read: Read): KeyIds {
  const authority = read(oids.authorityKeyId, asn1.AuthorityKeyIdentifier);
  return {
    subjectKeyId: hexOf(read(oids.subjectKeyId, asn1.SubjectKeyIdentifier)?.buffer),
    authorityKeyId: hexOf(authority?.keyIdentifier?.buffer),
  };
}

function namesOf(asn1: Asn1, read: Read, subject: readonly Part[]): CertificateNames {
  return {
    commonName: textsOf(subject, commonNameType).at(-1) ?? '',
    organizations: textsOf(subject, organizationType),
    organizationalUnits: textsOf(subject, organizationalUnitType),
    ...generalNames([...(read(oids.subjectNames, asn1.SubjectAlternativeName) ?? [])]),
  };
}

const bytesMax = 65_536;

function parse(asn1: Asn1, der: Uint8Array): Certificate {
  if (der.length > bytesMax) throw new CertificateError(`it is larger than ${bytesMax} bytes`);
  const x509 = new X509Certificate(der);
  // what OpenSSL read, without anything behind it
  const { tbsCertificate } = asn1.AsnConvert.parse(x509.raw, asn1.Certificate);
  const { validity, signature } = tbsCertificate;
  const listed = [...(tbsCertificate.extensions ?? [])];
  const extensions = byIdentifier(listed);
  const read = readerOf(asn1, extensions);
  const subject = partsOf(tbsCertificate.subject);
  return {
    x509,
    fingerprint: x509.fingerprint256.replaceAll(':', '').toLowerCase(),
    serial: hexOf(tbsCertificate.serialNumber).replace(/^0+(?=.)/, ''),
    notBefore: validity.notBefore.getTime().getTime(),
    notAfter: validity.notAfter.getTime().getTime(),
    ...usesOf(asn1, read),
    ...keyIdsOf(asn1, read),
    subject: subject.map(({ compared }) => compared),
    names: namesOf(asn1, read, subject),
    constraints: constraintsOf(asn1, read),
    // OpenSSL verifies none whose algorithm is another one outside of what is signed
    isStrong:
      isStrongSignature(signature.algorithm, hexOf(signature.parameters ?? undefined)) &&
      isStrongKey(x509.publicKey),
    unknownCritical: listed.find((each) => each.critical && !understood.has(each.extnID))?.extnID ?? null,
    extensions,
  };
}

const identifierMax = 128;

//= rfc5280 4.1.2.2: serial numbers have at most 20 octets; some have more, and none so many
function requireShort({ serial, subjectKeyId, authorityKeyId }: Certificate): void {
  if ([serial, subjectKeyId, authorityKeyId].some(({ length }) => length > identifierMax))
    throw new CertificateError('its serial number or the identifier of a key is too long');
}

/** Reads a certificate in DER. Throws a CertificateError for anything that is none, whoever made it. */
export async function readCertificate(der: Uint8Array): Promise<Certificate> {
  const asn1 = await loadAsn1();
  try {
    const certificate = parse(asn1, der);
    requireShort(certificate);
    if (Number.isFinite(certificate.notBefore) && Number.isFinite(certificate.notAfter)) return certificate;
    throw new CertificateError('its times are none');
  } catch (cause) {
    if (cause instanceof CertificateError) throw cause;
    throw new CertificateError('it can not be read', { cause });
  }
}

const pemForm =
  /-----BEGIN (?:TRUSTED )?CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END (?:TRUSTED )?CERTIFICATE-----/g;
const inPemMax = 50;

/** The certificates of a PEM, in their order. Throws a CertificateError where there is none, or one of them can't be read. */
export async function readCertificates(pem: string): Promise<readonly Certificate[]> {
  const found = [...pem.matchAll(pemForm)].map(([, text]) => Buffer.from(text ?? '', 'base64'));
  if (found.length === 0) throw new CertificateError('there is no certificate');
  if (found.length > inPemMax) throw new CertificateError(`there are more than ${inPemMax} certificates`);
  return Promise.all(found.map(readCertificate));
}

const textTags: ReadonlySet<number> = new Set([0x0c, 0x12, 0x13, 0x14, 0x16, 0x1a, 0x1b]);

/** The text of which the value of an extension is made; empty: it is none. */
export function extensionText(value: Uint8Array): string {
  try {
    const { tag, content, end } = derValueAt(value, 0);
    if (!textTags.has(tag) || end !== value.length) return '';
    return clean(new TextDecoder('utf-8', { fatal: true }).decode(content));
  } catch {
    return '';
  }
}
