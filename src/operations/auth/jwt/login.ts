import { z } from 'zod';
import { jwtAlgorithms, verifyJwt, type JwtClaims, type JwtResult } from '#access';
import { defineOperation } from '../../define.ts';
import type { House } from '../../house.ts';
import type { Work } from '../../operation.ts';
import type { IssuedToken } from '../../tokens/issue.ts';
import { methodAt, methodPath } from '../auth-mount.ts';
import { configAt, roleAt } from '../method-records.ts';
import { OutsideError } from '../outside.ts';
import { refuseLogin, signIn, type Arrival } from '../sign-in.ts';
import { refuse } from '../token-settings.ts';
import {
  ClaimError,
  groupsOf,
  metadataOf,
  requireAudience,
  requireBoundClaims,
  requireInTime,
  requireIssuer,
  requireSubject,
  userOf,
} from './claims.ts';
import { keysOf } from './keys.ts';
import type { JwtConfig, JwtRole } from './settings.ts';

const input = z.strictObject({
  mount: methodPath,
  /** Empty: the one that the configuration names. */
  role: z.string().max(256),
  jwt: z.string().min(1).max(32_768),
});
type Input = z.infer<typeof input>;

const faults: Readonly<Record<NonNullable<JwtResult['fault']>, string>> = Object.freeze({
  malformed: 'malformed jwt',
  algorithm: 'the signature algorithm is not one that is taken',
  'unknown-key': 'no known key successfully validated the token signature',
  signature: 'no known key successfully validated the token signature',
});

/** The claims of a token whose signature is right, and the issuer of the keys. */
async function verified(
  house: House,
  config: JwtConfig,
  jwt: string,
): Promise<{ readonly claims: JwtClaims; readonly issuer: string }> {
  const algorithms = config.supportedAlgs.length > 0 ? config.supportedAlgs : jwtAlgorithms;
  let { keys, issuer } = await keysOf(house, config);
  let result = await verifyJwt(jwt, keys, algorithms);
  if (result.fault === 'unknown-key') {
    // the issuer may have new keys
    ({ keys, issuer } = await keysOf(house, config, true));
    result = await verifyJwt(jwt, keys, algorithms);
  }
  if (result.claims === null) throw new ClaimError(faults[result.fault]);
  return { claims: result.claims, issuer };
}

type Told = Pick<Arrival, 'name' | 'displayName' | 'meta' | 'groups'>;

/** Who a token says it is, once everything that the role wants of it holds. */
async function arrivalOf(
  { house, now }: Work,
  { config, role, jwt }: { config: JwtConfig; role: JwtRole; jwt: string },
): Promise<Told> {
  const { claims, issuer } = await verified(house, config, jwt);
  requireInTime(claims, role, now);
  requireIssuer(claims, config.boundIssuer === '' ? issuer : config.boundIssuer);
  requireSubject(claims, role.boundSubject);
  requireAudience(claims, role.boundAudiences);
  requireBoundClaims(claims, role);
  const groups = groupsOf(claims, role);
  const user = userOf(claims, role);
  return { name: user, displayName: user, meta: { ...metadataOf(claims, role), role: role.name }, groups };
}

/** Gives a token for a JWT that an issuer signed whom the mount knows. */
export const logInByJwt = defineOperation<Input, IssuedToken>({
  name: 'auth.log-in-by-jwt',
  kind: 'manage',
  input,
  targets: [],
  isOpen: true,
  run: async (work, wish) => {
    const { house, caller } = work;
    const { environment } = caller.principal;
    const mount = await methodAt(house, environment, wish.mount, ['jwt', 'oidc']);
    const config = (await configAt(house, environment, mount, 'jwt'))?.content;
    if (!config) throw refuse('could not load configuration');
    const name = wish.role === '' ? config.defaultRole : wish.role;
    if (name === '') throw refuse('missing role', 'role');
    const role = (await roleAt(house, environment, mount, { name, method: 'jwt' }))?.content;
    if (!role) throw refuse(`role ${JSON.stringify(name)} could not be found`, 'role');
    const recorded = { mount: wish.mount, role: role.name };
    let arrival: Told;
    try {
      arrival = await arrivalOf(work, { config, role, jwt: wish.jwt });
    } catch (error) {
      if (error instanceof ClaimError || error instanceof OutsideError)
        throw refuseLogin(
          `error validating token: ${error.message}`,
          { ...recorded, why: error.message },
          error,
        );
      throw error;
    }
    return signIn(work, {
      ...arrival,
      mount,
      kind: mount.type === 'oidc' ? 'user' : 'workload',
      settings: role.settings,
      role: role.name,
      loginPath: 'login',
      facts: { role: role.name },
    });
  },
});
