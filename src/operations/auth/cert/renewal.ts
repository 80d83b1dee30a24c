import { ClavigerError } from '#domain';
import { mountsOf, type PlacedMount } from '../../mounts/mounts.ts';
import type { Work } from '../../operation.ts';
import { policiesOf } from '../../tokens/issue.ts';
import type { TokenLease } from '../../tokens/lease.ts';
import { configAt, roleAt } from '../method-records.ts';
import { refuseLogin } from '../sign-in.ts';
import { publicKeyDigest } from './login.ts';
import { factsOf, recogniseClient } from './verify.ts';

async function mountOf({ house, caller }: Work, mountId: string): Promise<PlacedMount | null> {
  const { auth } = await mountsOf(house, caller.principal.environment);
  const found = Object.entries(auth).find(([, { id }]) => id === mountId);
  return found ? { ...found[1], path: found[0], kind: 'auth' } : null;
}

function refused(message: string): ClavigerError {
  return new ClavigerError('input-invalid', message);
}

/**
 * A token that was given for a certificate lasts longer only for who shows it, or one of the same key and authority, and while its role
 * is there and gives the same policies. Throws where it does not.
 */
export async function requireCertificate(work: Work, lease: TokenLease): Promise<void> {
  const { certificate } = lease;
  if (!certificate) return;
  const { environment } = work.caller.principal;
  const mount = await mountOf(work, certificate.mountId);
  const name = lease.role ?? '';
  const role = mount && (await roleAt(work.house, environment, mount, { name, method: 'cert' }))?.content;
  if (!mount || !role) throw refused('the role of the token is no more, not renewing');
  const config = (await configAt(work.house, environment, mount, 'cert'))?.content;
  if (!config?.disableBinding) {
    const { leaf } = await recogniseClient(work, mount, name);
    const recorded = { mount: mount.path, role: name, ...factsOf(leaf) };
    if (publicKeyDigest(leaf) !== certificate.key)
      throw refuseLogin(
        'client identity during renewal not matching client identity used during login',
        recorded,
      );
    if (leaf.authorityKeyId !== certificate.authority)
      throw refuseLogin(
        'client authority identity during renewal not matching client identity used during login',
        recorded,
      );
  }
  const { tokenPolicies, tokenNoDefaultPolicy } = role.settings;
  const policies = policiesOf({ policies: tokenPolicies, noDefaultPolicy: tokenNoDefaultPolicy });
  if (policies.join('\n') !== lease.policies.join('\n')) throw refused('policies have changed, not renewing');
}
