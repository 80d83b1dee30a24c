import { z } from 'zod';
import { CertificateError, type Certificate, readCertificates } from '#access';
import { sha256Hex } from '#crypto';
import { RecentMap } from '../../recent-map.ts';
import { refuse, requireSettings, tokenSettings, usualSettings } from '../token-settings.ts';

export const certConfigShape = z.strictObject({
  method: z.literal('cert'),
  /** A token can be renewed without the certificate by which it was given. */
  disableBinding: z.boolean(),
  /** What goes with a token is told of the alias, too, so that templates of policies have it. */
  enableIdentityAliasMetadata: z.boolean(),
});
/** How tokens of a mount are bound to certificates. */
export type CertConfig = z.infer<typeof certConfigShape>;

export const usualCertConfig: CertConfig = Object.freeze({
  method: 'cert',
  disableBinding: false,
  enableIdentityAliasMetadata: false,
});

const patterns = z.array(z.string().min(1).max(1024)).max(200);
const identifier = /^[0-2](\.(0|[1-9]\d{0,30})){1,40}$/;

export const certRoleShape = z.strictObject({
  method: z.literal('cert'),
  name: z.string(),
  /** PEM: authorities that are trusted, or one certificate of a client. */
  certificate: z.string().max(65_536),
  displayName: z.string().max(256),
  /** Patterns, in which `*` stands for any characters; of each list that is not empty one has to match. */
  allowedNames: patterns,
  allowedCommonNames: patterns,
  allowedDnsSans: patterns,
  allowedEmailSans: patterns,
  allowedUriSans: patterns,
  allowedOrganizations: patterns,
  allowedOrganizationalUnits: patterns,
  /** `OID:PATTERN` of a text, or `hex:OID:PATTERN`; all have to match. */
  requiredExtensions: patterns,
  /** Identifiers of extensions whose texts go with the token. */
  allowedMetadataExtensions: patterns.max(50),
  settings: tokenSettings,
});
/** Which certificates of clients get a token. */
export type CertRole = z.infer<typeof certRoleShape>;

export const usualCertRole: Omit<CertRole, 'name'> = Object.freeze({
  method: 'cert',
  certificate: '',
  displayName: '',
  allowedNames: [],
  allowedCommonNames: [],
  allowedDnsSans: [],
  allowedEmailSans: [],
  allowedUriSans: [],
  allowedOrganizations: [],
  allowedOrganizationalUnits: [],
  requiredExtensions: [],
  allowedMetadataExtensions: [],
  settings: usualSettings,
});

/** The parts of a required extension; null: it is none. */
export function requiredExtension(
  text: string,
): { readonly oid: string; readonly pattern: string; readonly isHex: boolean } | null {
  const isHex = text.startsWith('hex:');
  const rest = isHex ? text.slice('hex:'.length) : text;
  const at = rest.indexOf(':');
  const oid = rest.slice(0, Math.max(at, 0));
  return identifier.test(oid) ? { oid, pattern: rest.slice(at + 1), isHex } : null;
}

const parsed = new RecentMap<Promise<readonly Certificate[]>>(500);

/**
 * What a role trusts: its authorities, or one certificate of a client. As in Vault the first one says which of the two it is.
 * Rejects with a CertificateError.
 */
export async function trustedBy({
  certificate,
}: Pick<CertRole, 'certificate'>): Promise<readonly Certificate[]> {
  const place = sha256Hex(certificate);
  let known = parsed.get(place);
  if (!known) {
    known = readCertificates(certificate);
    parsed.set(place, known);
    known.catch(() => parsed.delete(place));
  }
  const all = await known;
  return all[0]?.isAuthority ? all : all.slice(0, 1);
}

/** Throws `input-invalid` for a role that could let nobody in, or says it in a way that nobody understands. */
export async function requireCertRole(role: CertRole): Promise<void> {
  requireSettings(role.settings);
  let trusted: readonly Certificate[];
  try {
    trusted = await trustedBy(role);
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    throw refuse(`failed to parse certificate: ${error.message}`, 'certificate');
  }
  const [first] = trusted;
  if (first && !first.isAuthority && !first.isForClients)
    throw refuse(
      'nonCA certificates should have TLS client authentication set as an extended key usage',
      'certificate',
    );
  if (trusted.some(({ isStrong }) => !isStrong))
    throw refuse(
      'failed to parse certificate: its key or its signature algorithm is too weak',
      'certificate',
    );
  const wrong = role.requiredExtensions.find((each) => requiredExtension(each) === null);
  if (wrong !== undefined)
    throw refuse(
      `${JSON.stringify(wrong)} is neither OID:PATTERN nor hex:OID:PATTERN`,
      'required_extensions',
    );
  const unknown = role.allowedMetadataExtensions.find((each) => !identifier.test(each));
  if (unknown !== undefined)
    throw refuse(`${JSON.stringify(unknown)} is no object identifier`, 'allowed_metadata_extensions');
}
