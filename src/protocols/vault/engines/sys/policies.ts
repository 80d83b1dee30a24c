import { operations, type TokenReference } from '#operations';
import type { Answer } from '../../answer.ts';
import type { Asked, Handler, Route } from '../../route.ts';
import { absent, VaultError } from '../../vault-error.ts';

async function list({ run }: Asked): Promise<Answer> {
  const { names } = await run(operations.listAclPolicies, {});
  return { data: { keys: names } };
}

async function listOld({ run }: Asked): Promise<Answer> {
  const { names } = await run(operations.listAclPolicies, {});
  return { data: { keys: names, policies: names }, alsoOnTop: true };
}

async function read({ part, run }: Asked): Promise<Answer> {
  const policy = await run(operations.readPolicy, { name: part('name') });
  if (!policy) throw absent();
  return { data: { name: policy.name, policy: policy.text } };
}

async function readOld({ part, run }: Asked): Promise<Answer> {
  const policy = await run(operations.readPolicy, { name: part('name') });
  if (!policy) throw absent();
  return { data: { name: policy.name, rules: policy.text }, alsoOnTop: true };
}

/** The text; as base64 where the client sends it so. */
function textOf({ fields }: Asked): string {
  const text = fields.text('policy') ?? fields.text('rules') ?? '';
  if (text === '') throw new VaultError(400, "'policy' parameter not supplied or empty");
  if (/^[A-Za-z0-9+/]+={0,2}$/.test(text) && text.length % 4 === 0)
    return Buffer.from(text, 'base64').toString('utf8');
  return text;
}

async function write(asked: Asked): Promise<Answer> {
  try {
    await asked.run(operations.writePolicy, { name: asked.part('name'), text: textOf(asked) });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'policy-malformed')
      throw new VaultError(400, `failed to parse policy: ${error.message}`);
    throw error;
  }
  return null;
}

async function remove({ part, run }: Asked): Promise<Answer> {
  await run(operations.deletePolicy, { name: part('name') });
  return null;
}

function capabilities(reference: (asked: Asked) => TokenReference): Handler {
  return async (asked) => {
    const { fields, run } = asked;
    const paths = [...(fields.list('paths') ?? fields.list('path') ?? [])].filter((path) => path !== '');
    if (paths.length === 0) throw new VaultError(400, 'paths must be supplied');
    const of = reference(asked);
    const operation = of.kind === 'self' ? operations.ownCapabilities : operations.tokenCapabilities;
    const { byPath } = await run(operation, {
      of,
      paths: paths.map((path) => path.replace(/^\//, '') || '/'),
    });
    const [first] = Object.values(byPath);
    return { data: { ...byPath, capabilities: first ?? ['deny'] }, alsoOnTop: true };
  };
}

const self = ({ token }: Asked): TokenReference => ({ kind: 'self', token });
const byToken = ({ fields }: Asked): TokenReference => ({
  kind: 'token',
  token: fields.needed('token', 'no token found'),
});
const byAccessor = ({ fields }: Asked): TokenReference => ({
  kind: 'accessor',
  accessor: fields.needed('accessor', 'missing accessor'),
});

/** What the token sees, for clients that draw it. */
async function resultantAcl({ isPrivileged }: Asked): Promise<Answer> {
  return { data: { root: isPrivileged, exact_paths: null, glob_paths: null } };
}

export const policyRoutes: readonly Route[] = [
  { path: 'policies/acl', about: 'Lists the policies.', handlers: { list, read: list } },
  {
    path: 'policies/acl/{name...}',
    folds: true,
    about: 'Makes, reads and deletes a policy.',
    handlers: { read, update: write, delete: remove },
  },
  { path: 'policy', about: 'Lists the policies.', handlers: { list: listOld, read: listOld } },
  {
    path: 'policy/{name...}',
    folds: true,
    about: 'Makes, reads and deletes a policy.',
    handlers: { read: readOld, update: write, delete: remove },
  },
  { path: 'capabilities', about: 'What a token may do.', handlers: { update: capabilities(byToken) } },
  {
    path: 'capabilities-self',
    about: 'What the token of the request may do.',
    handlers: { update: capabilities(self) },
  },
  {
    path: 'capabilities-accessor',
    about: 'What the token of an accessor may do.',
    handlers: { update: capabilities(byAccessor) },
  },
  {
    path: 'internal/ui/resultant-acl',
    about: 'What the token of the request sees.',
    handlers: { read: resultantAcl },
  },
];
