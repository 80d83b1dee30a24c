import { z } from 'zod';
import { SecretBytes } from '#crypto';
import { ClavigerError } from '#domain';
import { defineOperation } from '../../define.ts';
import { documentSecretName, type Kept } from '../../documents.ts';
import type { House } from '../../house.ts';
import type { IssuedToken } from '../../tokens/issue.ts';
import { methodPath } from '../auth-mount.ts';
import { lockoutsOf } from '../lockouts.ts';
import { newPasswordCosts, passwordVerifier } from '../passwords.ts';
import { refuseLogin, signIn } from '../sign-in.ts';
import { password, userId, userName, userpassAt, users, type PasswordUser } from './users.ts';

const input = z.strictObject({ mount: methodPath, name: userName, password });
type Input = z.infer<typeof input>;

const invalid = 'invalid username or password';

/** Whether a password is that of a user; for a user that is not there the same work is done. */
async function isPassword(house: House, found: Kept<PasswordUser> | null, text: string): Promise<boolean> {
  const costs = found?.content.costs ?? newPasswordCosts(house.fips !== null);
  using secret = SecretBytes.take(Buffer.from(text, 'utf8'));
  using verifier = await passwordVerifier(house, secret, costs);
  if (!found?.document.sealed) return false;
  const { environment, id, sealed } = found.document;
  using kept = await house.hierarchy.openSmall(environment, documentSecretName(users.name, id), sealed);
  return verifier.equals(kept);
}

function locked(recorded: ClavigerError['recorded']): ClavigerError {
  return new ClavigerError('credential-unknown', 'Too many logins failed; wait 15 minutes.', {
    recorded: { ...recorded, why: 'too many logins failed' },
  });
}

/** Gives a token for the name of a user and its password. Five failures lock the name for 15 minutes. */
export const logInByPassword = defineOperation<Input, IssuedToken>({
  name: 'auth.log-in-by-password',
  kind: 'manage',
  input,
  targets: [],
  isOpen: true,
  run: async (work, { mount: path, name, password: text }) => {
    const { house, caller } = work;
    const { environment } = caller.principal;
    const mount = await userpassAt(house, environment, path);
    const id = userId(mount, name);
    const found = await users.find(house, environment, id);
    const lockouts = lockoutsOf(house, found !== null);
    const key = `${environment}/${id}`;
    // what nobody is called may be a password that was typed in the wrong place
    const recorded = { mount: path, user: found?.content.name ?? null };
    if (lockouts.isLocked(key, work.now)) throw locked(recorded);
    const isRight = await isPassword(house, found, text);
    // others may have failed meanwhile: whoever guesses many at once learns no more than from one after the other
    if (lockouts.isLocked(key, work.now)) throw locked(recorded);
    if (!isRight || !found) {
      lockouts.failed(key, work.now);
      throw refuseLogin(invalid, recorded);
    }
    lockouts.succeeded(key);
    return signIn(work, {
      mount,
      name: found.content.name,
      kind: 'user',
      displayName: found.content.name,
      settings: found.content.settings,
      meta: { username: found.content.name },
      role: null,
      loginPath: `login/${found.content.name}`,
    });
  },
});
