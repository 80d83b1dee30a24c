import { z } from 'zod';
import { sha256Hex } from '#crypto';
import { ClavigerError, type Principal } from '#domain';
import type { Change } from '#ports';
import { defineCollection } from '../documents.ts';
import type { House } from '../house.ts';
import { entityOfLogin } from '../identity/at-login.ts';
import { toldGroups } from '../identity/external-groups.ts';
import { identityIn } from '../identity/in-force.ts';
import { directGroups } from '../identity/members.ts';
import { entities } from '../identity/records.ts';
import type { PlacedMount } from '../mounts/mounts.ts';
import type { Outcome, Work } from '../operation.ts';
import { newPrincipal } from '../principals/principals.ts';
import { issueToken, type IssuedToken } from '../tokens/issue.ts';
import type { TokenLease } from '../tokens/lease.ts';
import { isWithin } from './cidr.ts';
import { lifeOf, refuse, typeOf, type TokenSettings } from './token-settings.ts';

/** Who came through an auth method, by `MOUNT/NAME`. */
const arrivals = defineCollection<{ readonly principalId: string }>(
  'login-principal',
  z.strictObject({ principalId: z.string() }),
);

/** Somebody who has proved who it is. */
export type Arrival = {
  readonly mount: PlacedMount;
  /** Names it within the mount, for ever. */
  readonly name: string;
  /** By which aliases of entities name it, where that is another word. */
  readonly aliasName?: string;
  /** The groups that it is of, as the mount calls them; absent: the mount tells none. */
  readonly groups?: readonly string[];
  readonly kind: Principal['kind'];
  /** What stands behind the mount's path in the name of the token; empty: nothing. */
  readonly displayName: string;
  readonly settings: TokenSettings;
  readonly meta: Readonly<Record<string, string>>;
  /** What the alias tells in the place of `meta`; null: nothing. */
  readonly aliasMeta?: Readonly<Record<string, string>> | null;
  readonly role: string | null;
  /** Behind the mount's path, e.g. `login`. */
  readonly loginPath: string;
  /** For whose certificate the token is given. */
  readonly certificate?: TokenLease['certificate'];
  /** What changes besides. */
  readonly changes?: readonly Change[];
  readonly facts?: Readonly<Record<string, string>>;
};

/** A login is refused. The message is for the caller; `recorded` is for the log alone. */
export function refuseLogin(
  message: string,
  recorded: ClavigerError['recorded'] = {},
  cause?: unknown,
): ClavigerError {
  return new ClavigerError('login-refused', message, { recorded, ...(cause === undefined ? {} : { cause }) });
}

const nameMax = 160;

/** What a principal is called that came through a mount: names of other principals have no slash. */
export function arrivalName(mountPath: string, name: string): string {
  const safe = `${mountPath}${name}`.replaceAll(/[^A-Za-z0-9+=,.@_:|/-]/gu, (character) =>
    [...Buffer.from(character, 'utf8')].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
  );
  return safe.length <= nameMax ? safe : `${safe.slice(0, nameMax)}~${sha256Hex(safe).slice(0, 16)}`;
}

type Found = { readonly principal: Principal; readonly changes: readonly Change[] };

/** The principal of an arrival, made at its first login. */
async function principalOf({ house, caller, now }: Work, arrival: Arrival): Promise<Found> {
  const { environment } = caller.principal;
  const { mount, name, kind } = arrival;
  const id = `${mount.id}/${name}`;
  const kept = await arrivals.find(house, environment, id);
  if (kept) {
    const principal = await house.store.principal(kept.content.principalId);
    if (!principal)
      throw new ClavigerError('integrity-failed', `The principal of the login ${id} is not there.`);
    return { principal, changes: [] };
  }
  const principal = newPrincipal(
    environment,
    { name: await freeName(house, environment, arrival), kind, roles: [] },
    now,
  );
  return {
    principal,
    changes: [
      { kind: 'principal-put', principal },
      arrivals.created(environment, id, { principalId: principal.id }),
    ],
  };
}

/** A path may have had another mount before, of which principals are left. */
async function freeName(house: House, environment: string, { mount, name }: Arrival): Promise<string> {
  const wanted = arrivalName(mount.path, name);
  const taken = await house.store.principalByName(environment, wanted);
  return taken ? `${wanted}~${mount.id.slice(0, 8)}` : wanted;
}

type Known = {
  readonly entity: { readonly id: string; readonly name: string };
  /** What it gives the token. */
  readonly policies: readonly string[];
  readonly changes: readonly Change[];
};

/** The entity of an arrival, with the groups that the login tells. */
async function entityOf(work: Work, arrival: Arrival): Promise<Known> {
  const place = { house: work.house, environment: work.caller.principal.environment };
  const { mount, groups, meta, aliasMeta: metadata = meta } = arrival;
  const login = { mount, name: arrival.aliasName ?? arrival.name, metadata };
  const { id, entity, changes, before } = await entityOfLogin(place, work, login);
  const told = groups
    ? await toldGroups(place, { mount, entity: id, names: groups })
    : { direct: await directGroups(place, id), changes: [] };
  const { policies } = await identityIn(place, id, entity, told.direct);
  // an alias that is taken away, or moved, at this moment is found changed
  const isTied = before && changes.length === 0 && told.changes.length > 0;
  const tie = isTied ? [entities.replaced(before, before.content)] : [];
  return { entity: { id, name: entity.name }, policies, changes: [...changes, ...tie, ...told.changes] };
}

/** Gives a token to who has proved who it is. */
export async function signIn(work: Work, arrival: Arrival): Promise<Outcome<IssuedToken>> {
  const { house, caller, now } = work;
  const { mount, settings } = arrival;
  const { principal, changes } = await principalOf(work, arrival);
  const facts = { mount: mount.path, name: principal.name, ...arrival.facts };
  if (principal.disabled)
    throw refuseLogin('invalid credentials', { ...facts, why: 'the principal is disabled' });
  if (settings.tokenBoundCidrs.length > 0 && !isWithin(caller.sourceAddress, settings.tokenBoundCidrs))
    throw new ClavigerError('access-denied', 'The address is not one that the token is bound to.', {
      recorded: { ...facts, why: 'the address is out of token_bound_cidrs' },
    });
  if (settings.tokenPolicies.some((policy) => policy.toLowerCase() === 'root'))
    throw refuse('auth methods cannot create root tokens');
  const known = await entityOf(work, arrival);
  const issued = await issueToken(house, now, {
    environment: caller.principal.environment,
    principalId: principal.id,
    displayName: `${mount.path.slice(0, -1).replaceAll('/', '-')}${arrival.displayName === '' ? '' : `-${arrival.displayName}`}`,
    policies: settings.tokenPolicies,
    path: `auth/${mount.path}${arrival.loginPath}`,
    meta: arrival.meta,
    ...lifeOf(settings, mount),
    explicitMaxSeconds: settings.tokenExplicitMaxTtl,
    periodSeconds: settings.tokenPeriod,
    usesMax: settings.tokenNumUses,
    parentId: null,
    isRenewable: true,
    type: typeOf(settings, mount),
    boundCidrs: settings.tokenBoundCidrs,
    noDefaultPolicy: settings.tokenNoDefaultPolicy,
    role: arrival.role,
    entity: known.entity,
    identityPolicies: known.policies,
    ...(arrival.certificate ? { certificate: arrival.certificate } : {}),
  });
  return {
    output: issued,
    changes: [...(arrival.changes ?? []), ...changes, ...known.changes, ...issued.changes],
    facts: {
      ...facts,
      entity: known.entity.id,
      accessor: issued.accessor,
      policies: issued.lease.policies.join(' '),
    },
  };
}
