import { extensionText, type Certificate } from '#access';
import { matchesGlob } from '../glob.ts';
import { requiredExtension, type CertRole } from './settings.ts';

/** Whether one of the names is what one of the patterns says; without patterns all are. */
function isOneOf(patterns: readonly string[], names: readonly string[]): boolean {
  return (
    patterns.length === 0 || patterns.some((pattern) => names.some((name) => matchesGlob(pattern, name)))
  );
}

function hasExtension(leaf: Certificate, required: string): boolean {
  const wanted = requiredExtension(required);
  const value = wanted && leaf.extensions.get(wanted.oid);
  if (!wanted || !value) return false;
  return wanted.isHex
    ? matchesGlob(wanted.pattern.toLowerCase(), value.toString('hex'))
    : matchesGlob(wanted.pattern, extensionText(value));
}

/** Whether a certificate says of its holder what a role wants. */
export function matchesRole(leaf: Certificate, role: CertRole): boolean {
  const { commonName, dns, emails, uris, organizations, organizationalUnits } = leaf.names;
  return (
    isOneOf(role.allowedNames, [commonName, ...dns, ...emails]) &&
    isOneOf(role.allowedCommonNames, [commonName]) &&
    isOneOf(role.allowedDnsSans, dns) &&
    isOneOf(role.allowedEmailSans, emails) &&
    isOneOf(role.allowedUriSans, uris) &&
    isOneOf(role.allowedOrganizations, organizations) &&
    isOneOf(role.allowedOrganizationalUnits, organizationalUnits) &&
    role.requiredExtensions.every((required) => hasExtension(leaf, required))
  );
}

const metaMax = 4096;

function withColons(hex: string): string {
  return hex.replaceAll(/..(?=.)/g, '$&:');
}

/** A serial number as people write it. */
export function decimalSerial(serial: string): string {
  return serial === '' ? '0' : BigInt(`0x${serial}`).toString();
}

/** What goes with a token of a certificate. */
export function metadataOf(leaf: Certificate, role: CertRole): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const oid of role.allowedMetadataExtensions) {
    const value = leaf.extensions.get(oid);
    //= vault: dots would end a name in the templates of policies
    if (value) found[oid.replaceAll('.', '-')] = extensionText(value).slice(0, metaMax);
  }
  return {
    ...found,
    cert_name: role.name,
    common_name: leaf.names.commonName,
    serial_number: decimalSerial(leaf.serial),
    subject_key_id: withColons(leaf.subjectKeyId),
    authority_key_id: withColons(leaf.authorityKeyId),
  };
}
