import { newAccessKey, newToken } from '#access';
import { hasCode, type Environment, type Instant, type Principal } from '#domain';
import { newAccountId, newPrincipal, sealAccessKey, tokenCredential, type Hierarchy } from '#operations';
import type { Change, Store } from '#ports';
import type { Bootstrap } from './bootstrap.ts';
import type { Config } from './config.ts';
import { houseEvent } from './house-event.ts';
import { credentialsFile, finishCredentials, prepareCredentials } from './credentials-file.ts';

/** What a first start made. */
export type InitReport = {
  readonly created: boolean;
  readonly home: string;
  readonly environments: readonly Environment[];
  readonly credentialsFile: string;
};

type Parts = {
  readonly config: Config;
  readonly store: Store;
  readonly hierarchy: Hierarchy;
  /** What setting `current-root` says of the root under which the hierarchy stands. */
  readonly rootSetting: string | null;
  readonly now: Instant;
  readonly node: string;
  /** Asked at the first start only; null: one environment with one administrator. */
  readonly bootstrap: (() => Promise<Bootstrap>) | null;
};

const defaultBootstrap: Bootstrap = {
  environments: [{ name: 'default', principals: [{ name: 'admin', admin: true }] }],
};

/**
 * Fills an empty store: environments with their keys, principals, credentials, and `credentials.env` for the first administrator.
 * A store that was filled is left alone. Each thing is made in a commit of its own and only if it is not there yet, so that a crash
 * in between is finished by the next start, and processes that start at once share the work.
 */
export async function initialise(parts: Parts): Promise<InitReport> {
  const { store, config } = parts;
  const { home } = config;
  const isSeeded = (await store.setting(seededSetting)) !== null;
  const exists = async (id: string) => (await store.principal(id)) !== null;
  await finishCredentials(home, { exists, areComplete: isSeeded });
  if (isSeeded) {
    const environments = (await store.environments()).map((stored) => stored.environment);
    return { created: false, home, environments, credentialsFile: credentialsFile(home) };
  }
  const plan = (await parts.bootstrap?.()) ?? defaultBootstrap;
  const environments: Environment[] = [];
  for (const wanted of plan.environments) environments.push(await ensureEnvironment(parts, wanted));
  const first = environments[0];
  if (first) await store.claimSetting(firstEnvironmentSetting, first.name);
  await seedPrincipals(parts, plan, environments);
  await store.claimSetting(seededSetting, String(parts.now));
  await finishCredentials(home, { exists, areComplete: true });
  return { created: true, home, environments, credentialsFile: credentialsFile(home) };
}

const seededSetting = 'seeded';
export const firstEnvironmentSetting = 'first-environment';

type Wanted = Bootstrap['environments'][number];

async function ensureEnvironment(parts: Parts, wanted: Wanted): Promise<Environment> {
  const known = await parts.store.environment(wanted.name);
  if (known) return known.environment;
  const environment: Environment = {
    name: wanted.name,
    accountId: wanted.awsAccountId ?? newAccountId(),
    createdAt: parts.now,
  };
  const wrappedKek = await parts.hierarchy.newEnvironment(environment.name);
  try {
    const root = parts.rootSetting === null ? {} : { root: parts.rootSetting };
    await commitSeed(parts, environment.name, [
      { kind: 'environment-created', environment, wrappedKek, ...root },
    ]);
    return environment;
  } catch (error) {
    // another process of the same first start was quicker
    const other = hasCode(error, 'environment-taken') ? await parts.store.environment(wanted.name) : null;
    if (other) return other.environment;
    throw error;
  }
}

async function seedPrincipals(
  parts: Parts,
  plan: Bootstrap,
  environments: readonly Environment[],
): Promise<void> {
  const people = plan.environments.flatMap(({ principals }, index) =>
    principals.map((person) => ({ person, environment: environments[index] })),
  );
  const told = people.find(({ person }) => person.admin)?.person;
  for (const { person, environment } of people)
    if (environment) await ensurePrincipal(parts, environment, person, person === told);
}

async function ensurePrincipal(
  parts: Parts,
  environment: Environment,
  person: Person,
  isTold: boolean,
): Promise<void> {
  const known = () => parts.store.principalByName(environment.name, person.name);
  if (await known()) return;
  const made = await principalChanges(parts, environment, person);
  // written before the commit and put in place after it: a crash leaves no administrator without credentials
  if (isTold) await prepareCredentials(parts.config, made.principalId, made.credentials);
  try {
    await commitSeed(parts, environment.name, made.changes);
  } catch (error) {
    // another process of the same first start was quicker
    if (!hasCode(error, 'principal-taken') || !(await known())) throw error;
  }
}

type Person = Wanted['principals'][number];

async function principalChanges(parts: Parts, environment: Environment, person: Person) {
  const principal: Principal = newPrincipal(
    environment.name,
    {
      name: person.name,
      kind: person.admin ? 'user' : 'service',
      roles: person.admin ? ['administrator'] : [...(person.roles ?? ['user'])],
    },
    parts.now,
  );
  const fresh = newAccessKey();
  const pair = {
    id: person.accessKeyId ?? fresh.accessKeyId,
    secret: person.secretAccessKey ?? fresh.secretAccessKey,
    now: parts.now,
  };
  const token = person.token ?? newToken();
  const sealed = await sealAccessKey({ hierarchy: parts.hierarchy }, principal, pair);
  const changes: Change[] = [
    { kind: 'principal-put', principal },
    { kind: 'credential-created', credential: sealed },
    { kind: 'credential-created', credential: tokenCredential(principal, token, parts.now) },
  ];
  return {
    principalId: principal.id,
    changes,
    credentials: { accessKeyId: pair.id, secretAccessKey: pair.secret, token },
  };
}

function commitSeed(parts: Parts, environment: string, changes: readonly Change[]): Promise<void> {
  const kinds = [...new Set(changes.map((change) => change.kind))].join(' ');
  return parts.store.commit({
    changes,
    events: [
      houseEvent({
        at: parts.now,
        node: parts.node,
        environment,
        operation: 'server.initialise',
        facts: { changes: kinds },
      }),
    ],
  });
}
