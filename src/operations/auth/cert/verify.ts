import {
  type Certificate,
  CertificateError,
  faultOfLeaf,
  newVerifications,
  pathsTo,
  readCertificate,
} from '#access';
import type { ClavigerError } from '#domain';
import type { PlacedMount } from '../../mounts/mounts.ts';
import type { Work } from '../../operation.ts';
import { allOf } from '../listing.ts';
import { methodRoles, roleAt } from '../method-records.ts';
import { refuseLogin } from '../sign-in.ts';
import { matchesRole } from './matching.ts';
import { revokedAt } from './revocation-lists.ts';
import { trustedBy, type CertRole } from './settings.ts';

/** A client whose certificate a role takes. */
export type Recognised = { readonly leaf: Certificate; readonly role: CertRole };

type Shown = { readonly leaf: Certificate; readonly others: readonly Certificate[] };

//= vault: which of the constraints does not hold is not told
const mismatch = 'failed to match all constraints for this login certificate';

/** Bytes that a client's certificate has at most, and how many of all that came with it are read: reading is dear, and it may be anybody. */
const bytesMax = 16_384;
const besidesMax = 3 * bytesMax;

async function readShown(chain: readonly Uint8Array[], recorded: ClavigerError['recorded']): Promise<Shown> {
  const [own, ...rest] = chain;
  if (!own) throw refuseLogin('client certificate must be supplied', recorded);
  if (own.length > bytesMax)
    throw refuseLogin(`failed to verify client's certificate: it is larger than ${bytesMax} bytes`, recorded);
  let leaf: Certificate;
  try {
    leaf = await readCertificate(own);
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    throw refuseLogin(`failed to verify client's certificate: ${error.message}`, recorded, error);
  }
  // the others are hints: one that can't be read is none
  let room = besidesMax;
  const hints = rest.filter(({ length }) => length <= bytesMax && (room -= length) >= 0);
  const read = await Promise.all(hints.map((der) => readCertificate(der).catch(() => null)));
  return { leaf, others: read.filter((each) => each !== null) };
}

async function rolesOf(work: Work, mount: PlacedMount, name: string): Promise<readonly CertRole[]> {
  const { house, caller } = work;
  const { environment } = caller.principal;
  if (name !== '') {
    const role = await roleAt(house, environment, mount, { name, method: 'cert' });
    return role ? [role.content] : [];
  }
  const found: CertRole[] = [];
  for await (const { content } of allOf(methodRoles, { house, environment }, `${mount.id}/`))
    if (content.method === 'cert') found.push(content);
  return found;
}

type Trusting = { readonly role: CertRole; readonly anchors: readonly Certificate[] };

/** Roles with what they trust; those of one certificate come first, as in Vault. */
async function trusting(roles: readonly CertRole[]): Promise<readonly Trusting[]> {
  const all = await Promise.all(roles.map(async (role) => ({ role, anchors: await trustedBy(role) })));
  const isPinned = ({ anchors }: Trusting): boolean => anchors[0]?.isAuthority === false;
  return [...all.filter(isPinned), ...all.filter((each) => !isPinned(each))];
}

/** What of a certificate stands in the log. */
export function factsOf({ fingerprint, serial }: Certificate): Readonly<Record<string, string>> {
  return { certificate: fingerprint, serial };
}

/**
 * The client by the certificate that it showed, and the first role that takes it; `name` is the only one that may, empty: any of the
 * mount. Throws `login-refused`.
 */
export async function recogniseClient(work: Work, mount: PlacedMount, name: string): Promise<Recognised> {
  const { house, caller, now } = work;
  const asked = { mount: mount.path, ...(name === '' ? {} : { role: name }) };
  if (!caller.secureTransport) throw refuseLogin('tls connection required', asked);
  const { leaf, others } = await readShown(caller.clientCertificates?.() ?? [], asked);
  const recorded = { ...asked, ...factsOf(leaf) };
  const fault = faultOfLeaf(leaf, now);
  if (fault !== null)
    throw refuseLogin(`failed to verify client's certificate: x509: ${fault}`, { ...recorded, why: fault });
  const isRevoked = await revokedAt(house, caller.principal.environment, mount);
  const verifications = newVerifications();
  const reasons = { path: false, revoked: false };
  for (const { role, anchors } of await trusting(await rolesOf(work, mount, name))) {
    for (const path of pathsTo({ leaf, others, anchors, now, verifications })) {
      reasons.path = true;
      const isOver = path.some(({ serial }) => isRevoked(serial));
      reasons.revoked ||= isOver;
      if (!isOver && matchesRole(leaf, role)) return { leaf, role };
    }
  }
  const why = reasons.revoked
    ? 'a certificate is revoked'
    : reasons.path
      ? 'no role takes these names'
      : 'no role trusts who signed it';
  throw refuseLogin(mismatch, { ...recorded, why });
}
