import { z } from 'zod';
import type { Change } from '#ports';
import { defineOperation } from '../../define.ts';
import type { Kept } from '../../documents.ts';
import type { Work } from '../../operation.ts';
import type { IssuedToken } from '../../tokens/issue.ts';
import { methodPath } from '../auth-mount.ts';
import { areWithin, isWithin } from '../cidr.ts';
import { refuseLogin, signIn } from '../sign-in.ts';
import { appRoleAt, findAppRole, openRoleKey, roleIdId, roleIds, type AppRole } from './roles.ts';
import {
  secretIdDigest,
  secretIdOf,
  secretIdRemoved,
  secretIds,
  type SecretIdPlace,
  type SecretIdRecord,
} from './secret-id-records.ts';

const input = z.strictObject({
  mount: methodPath,
  roleId: z.string().min(1).max(4096),
  /** Null: none was sent. */
  secretId: z.string().min(1).max(4096).nullable(),
});
type Input = z.infer<typeof input>;

//= vault: a wrong role id and a wrong secret id are told alike
const invalid = 'invalid role or secret ID';

type Used = { readonly record: SecretIdRecord; readonly changes: readonly Change[] };

/** A use of a secret id, counted in the commit of the login: the last one is its end. */
async function useSecretId(
  { place, work }: { place: SecretIdPlace; work: Work },
  role: Kept<AppRole>,
  secretId: string,
): Promise<Used> {
  const { instance, name, secretIdBoundCidrs } = role.content;
  const recorded = { mount: place.mount.path, role: name };
  using key = await openRoleKey(place.house, role);
  const kept = await secretIdOf(place, instance, secretIdDigest(key, secretId));
  if (!kept) throw refuseLogin(invalid, { ...recorded, why: 'the secret id is unknown, used up or over' });
  const { cidrList, usesLeft, accessor } = kept.content;
  if (cidrList.length > 0 && secretIdBoundCidrs.length > 0 && !areWithin(cidrList, secretIdBoundCidrs))
    throw refuseLogin(invalid, {
      ...recorded,
      secretIdAccessor: accessor,
      why: 'its addresses left those of the role',
    });
  const { sourceAddress } = work.caller;
  if (cidrList.length > 0 && !isWithin(sourceAddress, cidrList))
    throw refuseLogin(
      `source address "${sourceAddress}" unauthorized through CIDR restrictions on the secret ID`,
      { ...recorded, secretIdAccessor: accessor },
    );
  if (usesLeft === null) return { record: kept.content, changes: [] };
  if (usesLeft <= 1) return { record: kept.content, changes: await secretIdRemoved(place, instance, kept) };
  const after = { ...kept.content, usesLeft: usesLeft - 1, updatedAt: work.now };
  return { record: kept.content, changes: [secretIds.replaced(kept, after)] };
}

async function roleOf(place: SecretIdPlace, roleId: string): Promise<Kept<AppRole>> {
  const { house, environment, mount } = place;
  const found = await roleIds.find(house, environment, roleIdId(mount, roleId));
  const role = found && (await findAppRole(house, environment, mount, found.content.role));
  if (!role || role.content.roleId !== roleId)
    throw refuseLogin(invalid, { mount: mount.path, why: 'the role id is unknown' });
  return role;
}

/** Gives a token for the id of a role and a secret id of it. */
export const logInByAppRole = defineOperation<Input, IssuedToken>({
  name: 'auth.log-in-by-app-role',
  kind: 'manage',
  input,
  targets: [],
  isOpen: true,
  run: async (work, { mount: path, roleId, secretId }) => {
    const { house, caller } = work;
    const { environment } = caller.principal;
    const place = { house, environment, mount: await appRoleAt(house, environment, path) };
    const role = await roleOf(place, roleId);
    const { name, bindSecretId, secretIdBoundCidrs, settings } = role.content;
    if (bindSecretId && secretId === null)
      throw refuseLogin('missing secret_id', { mount: path, role: name });
    const used =
      bindSecretId && secretId !== null ? await useSecretId({ place, work }, role, secretId) : null;
    if (secretIdBoundCidrs.length > 0 && !isWithin(caller.sourceAddress, secretIdBoundCidrs))
      throw refuseLogin(
        `source address "${caller.sourceAddress}" unauthorized by CIDR restrictions on the role`,
        { mount: path, role: name },
      );
    const bound = used && used.record.tokenBoundCidrs.length > 0 ? used.record.tokenBoundCidrs : null;
    return signIn(work, {
      mount: place.mount,
      name,
      aliasName: role.content.roleId,
      kind: 'workload',
      displayName: '',
      settings: bound ? { ...settings, tokenBoundCidrs: bound } : settings,
      meta: { ...used?.record.metadata, role_name: name },
      role: name,
      loginPath: 'login',
      changes: used?.changes ?? [],
      facts: { role: name, ...(used ? { secretIdAccessor: used.record.accessor } : {}) },
    });
  },
});
