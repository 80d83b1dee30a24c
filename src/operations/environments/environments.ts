import { z } from 'zod';
import { newAccessKey, newToken } from '#access';
import { randomBytes } from '#crypto';
import { ClavigerError, type Environment, type Principal } from '#domain';
import { defineOperation } from '../define.ts';
import { newPrincipal, principalName, sealAccessKey, tokenCredential } from '../principals/principals.ts';

export const environmentName = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);

const createInput = z.strictObject({
  name: environmentName,
  accountId: z
    .string()
    .regex(/^[0-9]{12}$/)
    .nullable(),
});
type CreateInput = z.infer<typeof createInput>;

/** Twelve random digits, the form of an AWS account number. */
export function newAccountId(): string {
  return (randomBytes(8).reduce((sum, byte) => sum * 256n + BigInt(byte), 0n) % 1_000_000_000_000n)
    .toString()
    .padStart(12, '0');
}

/** Makes an environment with a key-encryption key of its own. It is a wall: nobody outside of it can act in it. */
export const createEnvironment = defineOperation<CreateInput, Environment>({
  name: 'environments.create',
  kind: 'manage',
  input: createInput,
  targets: [],
  permission: 'environments:create',
  run: async ({ house, caller, now }, wish) => {
    if (caller.principal.environment !== (await house.firstEnvironment())) {
      throw new ClavigerError(
        'access-denied',
        'Environments are made by administrators of the first environment.',
      );
    }
    const environment = { name: wish.name, accountId: wish.accountId ?? newAccountId(), createdAt: now };
    const root = house.roots.setting();
    const wrappedKek = await house.hierarchy.newEnvironment(environment.name);
    return {
      output: environment,
      changes: [{ kind: 'environment-created', environment, wrappedKek, ...(root === null ? {} : { root }) }],
      facts: { environment: environment.name, accountId: environment.accountId },
    };
  },
});

const administratorInput = z.strictObject({ environment: environmentName, name: principalName });
type AdministratorInput = z.infer<typeof administratorInput>;

export type NewAdministrator = {
  readonly principal: Principal;
  readonly accountId: string;
  readonly accessKeyId: string;
  /** Told once, like the token. */
  readonly secretAccessKey: string;
  readonly token: string;
};

/** Makes the first administrator of an environment that has no principal yet, with an access key and a token. */
export const createAdministrator = defineOperation<AdministratorInput, NewAdministrator>({
  name: 'environments.create-administrator',
  kind: 'manage',
  input: administratorInput,
  targets: [],
  permission: 'environments:create-administrator',
  quorum: 'principal',
  run: async ({ house, caller, now }, wish) => {
    if (caller.principal.environment !== (await house.firstEnvironment())) {
      throw new ClavigerError(
        'access-denied',
        'Environments are made by administrators of the first environment.',
      );
    }
    const stored = await house.store.environment(wish.environment);
    if (!stored) {
      throw new ClavigerError('environment-not-found', `There is no environment ${wish.environment}.`);
    }
    if ((await house.store.principals(wish.environment)).length > 0) {
      throw new ClavigerError('principal-taken', `Environment ${wish.environment} has principals already.`);
    }
    const shape = { name: wish.name, kind: 'user', roles: ['administrator'] } as const;
    const principal = newPrincipal(wish.environment, { ...shape, roles: [...shape.roles] }, now);
    const pair = newAccessKey();
    const token = newToken();
    const sealed = await sealAccessKey(house, principal, {
      id: pair.accessKeyId,
      secret: pair.secretAccessKey,
      now,
    });
    return {
      output: { principal, accountId: stored.environment.accountId, ...pair, token },
      changes: [
        { kind: 'principal-put', principal },
        { kind: 'credential-created', credential: sealed },
        { kind: 'credential-created', credential: tokenCredential(principal, token, now) },
      ],
      facts: { environment: wish.environment, name: principal.name },
    };
  },
});

const nothing = z.strictObject({});

/** The environments that the caller can see: all of them from the first one, else its own. */
export const listEnvironments = defineOperation<
  z.infer<typeof nothing>,
  { readonly environments: readonly Environment[] }
>({
  name: 'environments.list',
  kind: 'read',
  input: nothing,
  targets: [],
  permission: 'environments:list',
  run: async ({ house, caller }) => {
    const all = (await house.store.environments()).map((stored) => stored.environment);
    const own = caller.principal.environment;
    const sees = own === (await house.firstEnvironment());
    return { output: { environments: sees ? all : all.filter((entry) => entry.name === own) } };
  },
});
