import { z } from 'zod';
import { ClavigerError } from '#domain';
import { defineOperation } from '../../define.ts';
import type { House } from '../../house.ts';
import type { IssuedToken } from '../../tokens/issue.ts';
import { methodAt, methodPath } from '../auth-mount.ts';
import { matchesGlob } from '../glob.ts';
import { configAt, openConfigSecret, roleAt, type KeptConfig } from '../method-records.ts';
import { OutsideError } from '../outside.ts';
import { refuseLogin, signIn } from '../sign-in.ts';
import { refuse } from '../token-settings.ts';
import { reviewToken, type ServiceAccount } from './review.ts';
import type { KubernetesRole } from './settings.ts';

const input = z.strictObject({
  mount: methodPath,
  role: z.string().min(1).max(256),
  jwt: z
    .string()
    .max(32_768)
    .regex(/^[\w-]+\.[\w-]+\.[\w-]+$/, 'must be a JWT'),
});
type Input = z.infer<typeof input>;

async function reviewed(
  house: House,
  kept: KeptConfig<'kubernetes'>,
  { jwt, audience }: { jwt: string; audience: string },
): Promise<ServiceAccount | null> {
  using secret = await openConfigSecret(house, kept);
  const reviewer = secret ? secret.use((bytes) => Buffer.from(bytes).toString('utf8')) : null;
  return reviewToken(house, { config: kept.content, reviewer, jwt, audience });
}

function denied(message: string, recorded: ClavigerError['recorded']): ClavigerError {
  return new ClavigerError('access-denied', message, { recorded: { ...recorded, why: message } });
}

/** Throws unless the role is for this account. */
function requireBound(
  account: ServiceAccount,
  role: KubernetesRole,
  recorded: ClavigerError['recorded'],
): void {
  if (!role.accountNamespaces.some((pattern) => matchesGlob(pattern, account.namespace)))
    throw denied('namespace not authorized', recorded);
  if (!role.accountNames.some((pattern) => matchesGlob(pattern, account.name)))
    throw denied('service account name not authorized', recorded);
}

/** Gives a token for the token of a service account, which the cluster's API server is asked about. */
export const logInByKubernetes = defineOperation<Input, IssuedToken>({
  name: 'auth.log-in-by-kubernetes',
  kind: 'manage',
  input,
  targets: [],
  isOpen: true,
  run: async (work, { mount: path, role: name, jwt }) => {
    const { house, caller } = work;
    const { environment } = caller.principal;
    const mount = await methodAt(house, environment, path, ['kubernetes']);
    const role = (await roleAt(house, environment, mount, { name, method: 'kubernetes' }))?.content;
    if (!role) throw refuse(`invalid role name ${JSON.stringify(name)}`, 'role');
    const config = await configAt(house, environment, mount, 'kubernetes');
    if (!config) throw refuse('could not load backend configuration');
    const recorded = { mount: path, role: role.name };
    let account: ServiceAccount | null;
    try {
      account = await reviewed(house, config, { jwt, audience: role.audience });
    } catch (error) {
      if (error instanceof OutsideError)
        throw refuseLogin(error.message, { ...recorded, why: error.message }, error);
      throw error;
    }
    if (!account) throw denied('the API server does not take the token', recorded);
    requireBound(account, role, recorded);
    const full = `${account.namespace}/${account.name}`;
    return signIn(work, {
      mount,
      name:
        role.aliasNameSource === 'serviceaccount_uid' && account.uid !== '' ? `${full}/${account.uid}` : full,
      aliasName: role.aliasNameSource === 'serviceaccount_uid' && account.uid !== '' ? account.uid : full,
      kind: 'workload',
      displayName: `${account.namespace}-${account.name}`,
      settings: role.settings,
      meta: {
        role: role.name,
        service_account_name: account.name,
        service_account_namespace: account.namespace,
        service_account_uid: account.uid,
        service_account_secret_name: '',
      },
      role: role.name,
      loginPath: 'login',
      facts: { role: role.name },
    });
  },
});
