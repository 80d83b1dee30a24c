import { z } from 'zod';
import { tokenId } from '#access';
import { SecretBytes } from '#crypto';
import { ClavigerError, type Instant } from '#domain';
import { defineOperation } from '../define.ts';
import { defineCollection, documentSecretName, type Kept } from '../documents.ts';
import type { House } from '../house.ts';
import { wrappingPolicy } from '../policies/policies.ts';
import { issueToken } from '../tokens/issue.ts';
import { tokens } from '../tokens/lease.ts';
import { treeRemoval } from '../tokens/revoke.ts';

const wrappingShape = z.strictObject({
  creationPath: z.string().max(4096),
  createdAt: z.number().int(),
  ttlSeconds: z.number().int().min(1),
  /** The accessor of a token inside; empty: there is none. */
  wrappedAccessor: z.string().max(128),
  openedAt: z.number().int().nullable(),
});
type Wrapping = z.infer<typeof wrappingShape>;

/** Answers that wait to be taken by who holds the token, once. Ids are hashes of tokens. What was opened is remembered, without its content, to know who comes second. */
const wrappings = defineCollection<Wrapping>('wrapping', wrappingShape);

const bytesMax = 4 * 1024 * 1024;
const remembersMillis = 24 * 3600 * 1000;

const secretBytes = z.custom<SecretBytes>((value) => value instanceof SecretBytes, 'must be secret bytes');
const ttl = z.number().int().min(1).max(2_764_800);

const wrapInput = z.strictObject({
  content: secretBytes,
  creationPath: z.string().max(4096),
  ttlSeconds: ttl,
  wrappedAccessor: z.string().max(128),
});
type WrapInput = z.infer<typeof wrapInput>;

export type Wrapped = {
  readonly token: string;
  readonly accessor: string;
  readonly ttlSeconds: number;
  readonly createdAt: Instant;
  readonly creationPath: string;
  readonly wrappedAccessor: string;
};

type Maker = { readonly environment: string; readonly principalId: string };

/** Keeps an answer under a fresh token. */
async function wrap(house: House, maker: Maker, now: Instant, wish: WrapInput) {
  if (wish.content.use((bytes) => bytes.length) > bytesMax)
    throw new ClavigerError('input-too-large', `At most ${bytesMax} bytes are wrapped.`);
  const issued = await issueToken(house, now, {
    ...maker,
    displayName: 'wrapping',
    policies: [wrappingPolicy],
    path: wish.creationPath,
    meta: null,
    ttlSeconds: wish.ttlSeconds,
    explicitMaxSeconds: wish.ttlSeconds,
    periodSeconds: 0,
    usesMax: 0,
    parentId: null,
    isRenewable: false,
    type: 'service',
    boundCidrs: [],
    noDefaultPolicy: true,
    role: null,
    entity: null,
    identityPolicies: [],
  });
  const id = tokenId(issued.token);
  const { creationPath, ttlSeconds, wrappedAccessor } = wish;
  const sealed = await house.hierarchy.sealSmall(
    maker.environment,
    documentSecretName(wrappings.name, id),
    wish.content,
  );
  const content = { creationPath, createdAt: now, ttlSeconds, wrappedAccessor, openedAt: null };
  const kept = wrappings.created(maker.environment, id, content, {
    sealed,
    expiresAt: now + ttlSeconds * 1000,
  });
  const output: Wrapped = {
    token: issued.token,
    accessor: issued.accessor,
    ttlSeconds,
    createdAt: now,
    creationPath,
    wrappedAccessor,
  };
  return { output, changes: [...issued.changes, kept], facts: { accessor: issued.accessor, ttlSeconds } };
}

/** Keeps what an answer would have told, for whoever shows the token that is told in its place. */
export const wrapAnswer = defineOperation<WrapInput, Wrapped>({
  name: 'wrappings.create',
  kind: 'manage',
  input: wrapInput,
  targets: [],
  permission: 'wrappings:create',
  run: ({ house, caller, now }, wish) =>
    wrap(house, { environment: caller.principal.environment, principalId: caller.principal.id }, now, wish),
});

const ofToken = z.strictObject({ token: z.string().min(1).max(8192) });
type OfToken = z.infer<typeof ofToken>;

function notValid(): ClavigerError {
  return new ClavigerError('input-invalid', 'wrapping token is not valid or does not exist');
}

/** A wrapping that stands or was opened; none whose token was revoked. */
async function find(house: House, environment: string, token: string): Promise<Kept<Wrapping>> {
  const id = tokenId(token);
  const document = await house.store.documents.get({ environment, collection: wrappings.name, id });
  const kept = document && (await wrappings.find(house, environment, id));
  if (!kept) throw notValid();
  if (kept.content.openedAt === null && !(await tokens.find(house, environment, id))) throw notValid();
  return kept;
}

/** Says of a wrapping what may be known without opening it. */
export const lookUpWrapping = defineOperation<OfToken, Omit<Wrapped, 'token' | 'accessor'>>({
  name: 'wrappings.look-up',
  kind: 'read',
  input: ofToken,
  targets: [],
  permission: 'wrappings:lookup',
  run: async ({ house, caller }, { token }) => {
    const { content } = await find(house, caller.principal.environment, token);
    if (content.openedAt !== null) throw notValid();
    return { output: content };
  },
});

/** What was found inside, to be wiped by who asked. */
export type Unwrapped = { readonly content: SecretBytes; readonly creationPath: string };

/** Opens a wrapping: once. Who comes second is told nothing, and the record says that somebody was quicker. */
export const unwrapAnswer = defineOperation<OfToken, Unwrapped>({
  name: 'wrappings.open',
  kind: 'manage',
  input: ofToken,
  targets: [],
  permission: 'wrappings:open',
  run: async ({ house, caller, now }, { token }) => {
    const { environment } = caller.principal;
    const kept = await find(house, environment, token);
    const { document, content } = kept;
    if (content.openedAt !== null || !document.sealed) throw openedTwice(content);
    const name = documentSecretName(wrappings.name, document.id);
    const inside = await house.hierarchy.openSmall(environment, name, document.sealed);
    const opened = wrappings.replaced(
      kept,
      { ...content, openedAt: now },
      { sealed: null, expiresAt: now + remembersMillis },
    );
    const { changes } = await treeRemoval(house, environment, document.id);
    return {
      output: { content: inside, creationPath: content.creationPath },
      changes: [opened, ...changes],
      facts: { wrapping: document.id.slice(0, 16) },
    };
  },
});

//= design: a wrapping that is opened twice was seen by somebody else
function openedTwice({ openedAt, creationPath }: Wrapping): ClavigerError {
  const { message } = notValid();
  return new ClavigerError('input-invalid', message, {
    recorded: { finding: 'wrapping-opened-twice', openedAt, creationPath },
  });
}

/** The environment in which a token was the one of a wrapping that was opened, of which the token is no more; null: it was none. */
export async function openedWithin({ store }: Pick<House, 'store'>, token: string): Promise<string | null> {
  const id = tokenId(token);
  for (const { environment } of await store.environments()) {
    const place = { environment: environment.name, collection: wrappings.name, id };
    const document = await store.documents.get(place);
    if (document && (document.content as Wrapping).openedAt !== null) return environment.name;
  }
  return null;
}

/** Refuses who comes second with nothing but the token of the wrapping, which says nobody's name any more: for the record. */
export const reopenWrapping = defineOperation<OfToken, never>({
  name: 'wrappings.reopen',
  kind: 'manage',
  input: ofToken,
  targets: [],
  isOpen: true,
  run: async ({ house, caller }, { token }) => {
    const { content } = await find(house, caller.principal.environment, token);
    throw content.openedAt === null ? notValid() : openedTwice(content);
  },
});

const rewrapInput = ofToken;

/** Keeps the same content under another token, with the same time to live; the one before opens nothing any more. */
export const rewrapAnswer = defineOperation<OfToken, Wrapped>({
  name: 'wrappings.rewrap',
  kind: 'manage',
  input: rewrapInput,
  targets: [],
  permission: 'wrappings:rewrap',
  run: async ({ house, caller, now }, { token }) => {
    const { environment } = caller.principal;
    const kept = await find(house, environment, token);
    const { document, content } = kept;
    if (content.openedAt !== null || !document.sealed) throw openedTwice(content);
    using inside = await house.hierarchy.openSmall(
      environment,
      documentSecretName(wrappings.name, document.id),
      document.sealed,
    );
    const lease = await tokens.find(house, environment, document.id);
    const maker = { environment, principalId: lease?.content.principalId ?? caller.principal.id };
    const fresh = await wrap(house, maker, now, {
      content: inside,
      creationPath: content.creationPath,
      ttlSeconds: content.ttlSeconds,
      wrappedAccessor: content.wrappedAccessor,
    });
    const old = await treeRemoval(house, environment, document.id);
    return { ...fresh, changes: [...fresh.changes, wrappings.removed(kept, true), ...old.changes] };
  },
});
