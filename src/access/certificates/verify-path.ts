import type { Instant } from '#domain';
import { comparisonsFor, obeys } from './name-constraints.ts';
import type { Certificate } from './read-certificate.ts';

/** Certificates from the holder's own to one that is trusted. */
export type Path = readonly Certificate[];

export type PathParts = {
  readonly leaf: Certificate;
  /** What came with it: hints that nobody trusts. */
  readonly others: readonly Certificate[];
  /** Authorities that are trusted, and the holder's own certificate where that is. */
  readonly anchors: readonly Certificate[];
  readonly now: Instant;
  readonly verifications: Verifications;
};

/** Signatures that were verified for one client, so that none is twice; how many more may be, and comparisons of names. */
export type Verifications = { readonly known: Map<string, boolean>; left: number; comparisons: number };

/** Longer paths are not built, and no more signatures verified, and names compared, for one client: it may be anybody. */
const lengthMax = 10;
const signaturesMax = 100;
const comparisonsMax = 50_000;
/** Beginnings of paths that are continued for one set of anchors. */
const beginningsMax = 64;

export function newVerifications(): Verifications {
  return { known: new Map(), left: signaturesMax, comparisons: comparisonsMax };
}

/** Why a certificate can't be that of a client at this time, whoever signed it; null: it can. */
function faultOf(certificate: Certificate, now: Instant): string | null {
  const { notBefore, notAfter, isForClients, unknownCritical, isStrong } = certificate;
  //= rfc5280 6.1.3 (a)(2)
  if (now < notBefore) return 'certificate has expired or is not yet valid: it is not yet valid';
  // the last second belongs to it
  if (now >= notAfter + 1000) return 'certificate has expired or is not yet valid: it has expired';
  if (unknownCritical !== null) return `unhandled critical extension ${unknownCritical}`;
  if (!isStrong) return 'the key or the signature algorithm is too weak';
  if (!isForClients)
    return 'certificate specifies an incompatible key usage: it is not for the authentication of clients';
  return null;
}

/** The same for the holder's own certificate. */
export function faultOfLeaf(leaf: Certificate, now: Instant): string | null {
  //= rfc5246 7.4.6, rfc8446 4.4.2.4: the key signs the handshake
  if (leaf.keyUsages !== null && !leaf.keyUsages.has('digitalSignature'))
    return 'certificate specifies an incompatible key usage: its key may not sign';
  return faultOf(leaf, now);
}

//= rfc5280 6.1.4 (k)-(n): an authority says so, may sign certificates, and stands no farther away than it may
function mayIssue(authority: Certificate, { between, now }: { between: number; now: Instant }): boolean {
  const { isAuthority, keyUsages, pathLengthMax } = authority;
  if (!isAuthority || (keyUsages !== null && !keyUsages.has('keyCertSign'))) return false;
  if (pathLengthMax !== null && (pathLengthMax < 0 || between > pathLengthMax)) return false;
  return faultOf(authority, now) === null;
}

function verify({ x509 }: Certificate, issuer: Certificate): boolean {
  try {
    return x509.verify(issuer.x509.publicKey);
  } catch {
    return false;
  }
}

function isSignedBy(certificate: Certificate, issuer: Certificate, verifications: Verifications): boolean {
  if (!certificate.x509.checkIssued(issuer.x509)) return false;
  const pair = `${certificate.fingerprint} ${issuer.fingerprint}`;
  let isRight = verifications.known.get(pair);
  if (isRight === undefined && verifications.left > 0) {
    verifications.left -= 1;
    isRight = verify(certificate, issuer);
    verifications.known.set(pair, isRight);
  }
  return isRight === true;
}

function isBelow(path: Path, { constraints }: Certificate, verifications: Verifications): boolean {
  if (constraints === null) return true;
  return path.every((each, index) => {
    verifications.comparisons -= comparisonsFor(each, constraints);
    return verifications.comparisons >= 0 && obeys(each, constraints, index === 0);
  });
}

/** Whether two certificates are of one authority, by its name and its key. */
function areAlike(a: Certificate, b: Certificate): boolean {
  return (
    a.subject.length === b.subject.length &&
    a.subject.every((part, index) => part === b.subject[index]) &&
    a.x509.publicKey.equals(b.x509.publicKey)
  );
}

type Search = Omit<PathParts, 'leaf'> & { readonly begun: Path[] };

/** Continues a path by each authority that may stand above it. */
function* continued(path: Path, parts: Search): Generator<Path> {
  const last = path.at(-1);
  if (!last || path.length >= lengthMax || parts.begun.length >= beginningsMax) return;
  parts.begun.push(path);
  const between = path.length - 1;
  const above = (authority: Certificate): boolean =>
    !path.some(({ fingerprint }) => fingerprint === authority.fingerprint) &&
    mayIssue(authority, { between, now: parts.now }) &&
    isBelow(path, authority, parts.verifications) &&
    isSignedBy(last, authority, parts.verifications);
  for (const anchor of parts.anchors) if (above(anchor)) yield [...path, anchor];
  for (const other of parts.others) {
    // an authority stands once on a path: a client that sends ten certificates of one that it made could ask for all their orders else
    const isMet = path.some((each) => areAlike(each, other));
    if (!isMet && above(other)) yield* continued([...path, other], parts);
  }
}

/** The valid paths from a client's certificate to what is trusted, one after the other; it ends with the last one. */
export function* pathsTo({ leaf, anchors, ...parts }: PathParts): Generator<Path> {
  if (faultOfLeaf(leaf, parts.now) !== null) return;
  if (anchors.some(({ fingerprint }) => fingerprint === leaf.fingerprint)) yield [leaf];
  const trusted = anchors.filter(({ isAuthority }) => isAuthority);
  yield* continued([leaf], { ...parts, anchors: trusted, begun: [] });
}
