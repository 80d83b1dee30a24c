import { operations, type SecretIdRecord } from '#operations';
import type { Answer } from '../../answer.ts';
import type { Asked, Handler, Route } from '../../route.ts';
import { absent, VaultError } from '../../vault-error.ts';
import { cidrsOf, lengthOf } from '../token-settings.ts';

const noTime = '0001-01-01T00:00:00Z';

function time(millis: number): string {
  return new Date(millis).toISOString();
}

function viewOf(record: SecretIdRecord): Readonly<Record<string, unknown>> {
  const { createdAt, ttlSeconds } = record;
  return {
    cidr_list: record.cidrList,
    creation_time: time(createdAt),
    expiration_time: ttlSeconds === 0 ? noTime : time(createdAt + ttlSeconds * 1000),
    last_updated_time: time(record.updatedAt),
    metadata: record.metadata,
    secret_id_accessor: record.accessor,
    secret_id_num_uses: record.usesLeft ?? 0,
    secret_id_ttl: ttlSeconds,
    token_bound_cidrs: record.tokenBoundCidrs,
  };
}

function metadataOf({ fields }: Asked): Readonly<Record<string, string>> {
  const text = fields.raw('metadata');
  if (text === undefined || text === null || text === '') return {};
  try {
    return fields.pairs('metadata') ?? {};
  } catch {
    throw new VaultError(400, 'failed to parse metadata: it must be an object of strings');
  }
}

async function create(asked: Asked, secretId: string | null): Promise<Answer> {
  const { fields, mount, part, run } = asked;
  const made = await run(operations.createSecretId, {
    mount: mount.path,
    name: part('role'),
    secretId,
    metadata: metadataOf(asked),
    cidrList: cidrsOf(fields, 'cidr_list') ?? [],
    tokenBoundCidrs: cidrsOf(fields, 'token_bound_cidrs') ?? [],
    numUses: fields.whole('num_uses') ?? null,
    ttlSeconds: lengthOf(fields, 'ttl') ?? null,
  });
  return {
    data: {
      secret_id: made.secretId,
      secret_id_accessor: made.accessor,
      secret_id_num_uses: made.numUses,
      secret_id_ttl: made.ttlSeconds,
    },
  };
}

async function list({ mount, part, run }: Asked): Promise<Answer> {
  const { accessors } = await run(operations.listSecretIds, { mount: mount.path, name: part('role') });
  if (accessors.length === 0) throw absent();
  return { data: { keys: accessors } };
}

type By = Parameters<typeof operations.lookUpSecretId.run>[1]['by'];

function bySecretId({ fields }: Asked): By {
  return { kind: 'secret-id', secretId: fields.needed('secret_id') };
}

function byAccessor({ fields }: Asked): By {
  return { kind: 'accessor', accessor: fields.needed('secret_id_accessor') };
}

//= vault: an unknown secret id is answered without a word, an unknown accessor is an error
function lookUp(read: (asked: Asked) => By): Handler {
  return async (asked) => {
    const { mount, part, run } = asked;
    const by = read(asked);
    const { found } = await run(operations.lookUpSecretId, { mount: mount.path, name: part('role'), by });
    if (found) return { data: viewOf(found) };
    if (by.kind === 'secret-id') return null;
    throw new VaultError(404, `failed to find accessor entry for secret_id_accessor: "${by.accessor}"`);
  };
}

function destroy(read: (asked: Asked) => By): Handler {
  return async (asked) => {
    const { mount, part, run } = asked;
    const by = read(asked);
    const { found } = await run(operations.destroySecretId, { mount: mount.path, name: part('role'), by });
    if (!found && by.kind === 'accessor')
      throw new VaultError(404, `failed to find accessor entry for secret_id_accessor: "${by.accessor}"`);
    return null;
  };
}

const lookUpById = lookUp(bySecretId);
const lookUpByAccessor = lookUp(byAccessor);
const destroyById = destroy(bySecretId);
const destroyByAccessor = destroy(byAccessor);

export const secretIdRoutes: readonly Route[] = [
  {
    path: 'role/{role}/secret-id',
    about: 'Makes a secret id for a role, and lists the accessors of those that there are.',
    handlers: { list, update: (asked) => create(asked, null) },
  },
  {
    path: 'role/{role}/custom-secret-id',
    about: 'Takes a secret id that the caller chose.',
    handlers: { update: (asked) => create(asked, asked.fields.needed('secret_id')) },
  },
  {
    path: 'role/{role}/secret-id/lookup',
    about: 'Tells of a secret id.',
    handlers: { update: lookUpById },
  },
  {
    path: 'role/{role}/secret-id/destroy',
    about: 'Ends a secret id.',
    handlers: { update: destroyById, delete: destroyById },
  },
  {
    path: 'role/{role}/secret-id-accessor/lookup',
    about: 'Tells of a secret id by its accessor.',
    handlers: { update: lookUpByAccessor },
  },
  {
    path: 'role/{role}/secret-id-accessor/destroy',
    about: 'Ends a secret id by its accessor.',
    handlers: { update: destroyByAccessor, delete: destroyByAccessor },
  },
];
