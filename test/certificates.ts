import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  CertificateList,
  Extension,
  Extensions,
  ExtendedKeyUsage,
  GeneralName,
  GeneralSubtree,
  GeneralSubtrees,
  KeyIdentifier,
  KeyUsage,
  Name,
  NameConstraints,
  RelativeDistinguishedName,
  RevokedCertificate,
  SubjectAlternativeName,
  SubjectKeyIdentifier,
  SubjectPublicKeyInfo,
  TBSCertificate,
  TBSCertList,
  Time,
  Validity,
} from '@peculiar/asn1-x509';

type Key = { readonly publicKey: KeyObject; readonly privateKey: KeyObject };

/** A certificate that a test made, with the key of its holder. */
export type Made = {
  readonly der: Buffer;
  readonly pem: string;
  readonly keyPem: string;
  readonly key: Key;
  readonly subject: Name;
  readonly keyId: Buffer;
  readonly serial: Buffer;
};

export type Names = Readonly<Partial<GeneralName>>;
export type Wish = {
  /** Common name; null: none. */
  readonly name?: string | null;
  /** Further parts of the subject, by their types. */
  readonly attributes?: readonly (readonly [type: string, text: string])[];
  /** Nobody: it is signed by itself. */
  readonly by?: Made;
  readonly key?: Key;
  readonly authority?: boolean;
  readonly pathLength?: number;
  readonly notBefore?: number;
  readonly notAfter?: number;
  /** Bits of KeyUsageFlags; null: no such extension. */
  readonly usage?: number | null;
  readonly purposes?: readonly string[] | null;
  readonly names?: readonly Names[];
  readonly permitted?: readonly Names[];
  readonly excluded?: readonly Names[];
  readonly extensions?: readonly Extension[];
  readonly serial?: Buffer;
  /** The identifier of its key; absent: a random one. */
  readonly keyId?: Buffer;
  readonly hash?: 'sha256' | 'sha1';
};

export const client = '1.3.6.1.5.5.7.3.2';
export const server = '1.3.6.1.5.5.7.3.1';
const day = 86_400_000;
const algorithms = { sha256: '1.2.840.10045.4.3.2', sha1: '1.2.840.10045.4.1' };

export function newKey(): Key {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

export function pemOf(label: string, der: Uint8Array): string {
  const lines = Buffer.from(der)
    .toString('base64')
    .replaceAll(/(.{64})(?=.)/g, '$1\n');
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}

export function nameOf(attributes: Wish['attributes'] = []): Name {
  return new Name(
    attributes.map(
      ([type, text]) =>
        new RelativeDistinguishedName([
          new AttributeTypeAndValue({ type, value: new AttributeValue({ utf8String: text }) }),
        ]),
    ),
  );
}

export function extension(extnID: string, value: object | Uint8Array, critical = false): Extension {
  const bytes = value instanceof Uint8Array ? value : new Uint8Array(AsnConvert.serialize(value));
  return new Extension({ extnID, critical, extnValue: new OctetString(bytes) });
}

function subtrees(names: readonly Names[]): GeneralSubtrees {
  return new GeneralSubtrees(names.map((base) => new GeneralSubtree({ base: new GeneralName(base) })));
}

function extensionsOf(wish: Wish, keyId: Buffer, issuerKeyId: Buffer): Extension[] {
  const { authority = false, pathLength, permitted, excluded, names } = wish;
  const usage = wish.usage === undefined ? (authority ? 32 : 1) : wish.usage;
  const purposes = wish.purposes === undefined ? (authority ? null : [client]) : wish.purposes;
  const found = [extension('2.5.29.14', new SubjectKeyIdentifier(keyId))];
  const above = new AuthorityKeyIdentifier({ keyIdentifier: new KeyIdentifier(issuerKeyId) });
  found.push(extension('2.5.29.35', above));
  if (authority || pathLength !== undefined)
    found.push(
      extension(
        '2.5.29.19',
        new BasicConstraints({
          cA: authority,
          ...(pathLength === undefined ? {} : { pathLenConstraint: pathLength }),
        }),
        true,
      ),
    );
  if (usage !== null) found.push(extension('2.5.29.15', new KeyUsage(usage as never), true));
  if (purposes !== null) found.push(extension('2.5.29.37', new ExtendedKeyUsage([...purposes])));
  if (names)
    found.push(
      extension('2.5.29.17', new SubjectAlternativeName(names.map((each) => new GeneralName(each)))),
    );
  if (permitted || excluded)
    found.push(
      extension(
        '2.5.29.30',
        new NameConstraints({
          ...(permitted ? { permittedSubtrees: subtrees(permitted) } : {}),
          ...(excluded ? { excludedSubtrees: subtrees(excluded) } : {}),
        }),
        true,
      ),
    );
  return [...found, ...(wish.extensions ?? [])];
}

/** Makes a certificate of P-256, good for a year around now where nothing else is said. */
export function make(wish: Wish = {}): Made {
  const { name = 'a client', by, key = newKey(), hash = 'sha256' } = wish;
  const serial = wish.serial ?? Buffer.concat([Buffer.from([1]), randomBytes(8)]);
  const keyId = wish.keyId ?? Buffer.from(randomBytes(20));
  const subject = nameOf([
    ...(name === null ? [] : [['2.5.4.3', name] as const]),
    ...(wish.attributes ?? []),
  ]);
  const signature = new AlgorithmIdentifier({ algorithm: algorithms[hash] });
  const tbsCertificate = new TBSCertificate({
    version: 2,
    serialNumber: new Uint8Array(serial).buffer,
    signature,
    issuer: by?.subject ?? subject,
    validity: new Validity({
      notBefore: new Date(wish.notBefore ?? Date.now() - day),
      notAfter: new Date(wish.notAfter ?? Date.now() + 364 * day),
    }),
    subject,
    subjectPublicKeyInfo: AsnConvert.parse(
      key.publicKey.export({ type: 'spki', format: 'der' }),
      SubjectPublicKeyInfo,
    ),
    extensions: new Extensions(extensionsOf(wish, keyId, by?.keyId ?? keyId)),
  });
  const text = Buffer.from(AsnConvert.serialize(tbsCertificate));
  const signatureValue = new Uint8Array(sign(hash, text, (by?.key ?? key).privateKey)).buffer;
  const der = Buffer.from(
    AsnConvert.serialize(new Certificate({ tbsCertificate, signatureAlgorithm: signature, signatureValue })),
  );
  return {
    der,
    pem: pemOf('CERTIFICATE', der),
    keyPem: key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    key,
    subject,
    keyId,
    serial,
  };
}

type ListWish = {
  readonly by: Made;
  readonly revoked: readonly Buffer[];
  readonly nextUpdate?: number;
  readonly extensions?: readonly Extension[];
  readonly reason?: number;
};

/** Makes a revocation list, in DER. */
export function makeList({ by, revoked, nextUpdate, extensions, reason }: ListWish): Buffer {
  const signature = new AlgorithmIdentifier({ algorithm: algorithms.sha256 });
  const entryExtensions =
    reason === undefined
      ? {}
      : { crlEntryExtensions: [extension('2.5.29.21', Buffer.from([10, 1, reason]))] };
  const tbsCertList = new TBSCertList({
    version: 1,
    signature,
    issuer: by.subject,
    thisUpdate: new Time(new Date()),
    nextUpdate: new Time(new Date(nextUpdate ?? Date.now() + day)),
    ...(revoked.length === 0
      ? {}
      : {
          revokedCertificates: revoked.map(
            (serial) =>
              new RevokedCertificate({
                userCertificate: new Uint8Array(serial).buffer,
                revocationDate: new Time(new Date()),
                ...entryExtensions,
              }),
          ),
        }),
    ...(extensions ? { crlExtensions: [...extensions] } : {}),
  });
  const text = Buffer.from(AsnConvert.serialize(tbsCertList));
  return Buffer.from(
    AsnConvert.serialize(
      new CertificateList({
        tbsCertList,
        signatureAlgorithm: signature,
        signature: new Uint8Array(sign('sha256', text, by.key.privateKey)).buffer,
      }),
    ),
  );
}
