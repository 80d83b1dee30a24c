import type { Clock } from '#ports';
import {
  credentialsMax,
  remember,
  unknown,
  type Authenticated,
  type CredentialSource,
  type Found,
} from './found.ts';
import { tokenId } from './token.ts';

/** Tokens that were recognised, until something changes that they depend on. */
export interface TokenCache {
  /** At once where it is known. Throws or rejects with `credential-unknown` or `credential-expired`. */
  recognise(token: string): Authenticated | Promise<Authenticated>;
  invalidate(entity: string): void;
  invalidateAll(): void;
}

type Parts = {
  readonly source: Pick<CredentialSource, 'token'>;
  readonly clock: Clock;
  /** Throws for what is over or belongs to a disabled principal. */
  readonly requireCurrent: (found: Found) => void;
};

const documentForm = /^document:[^/]*\/(token|acl-policy)\/(.*)$/;

export function createTokenCache({ source, clock, requireCurrent }: Parts): TokenCache {
  const tokens = new Map<string, Found>();
  /** Of a token, those that end with it. */
  const below = new Map<string, Set<string>>();
  // counts the invalidations: what was looked up before one is not kept after it
  let generation = 0;

  function authenticated(id: string, found: Found): Authenticated {
    requireCurrent(found);
    const { principal, accountId, grant } = found;
    const who = { principal, accountId, region: null, credentialId: id, method: 'token' } as const;
    return grant ? { ...who, grant } : who;
  }

  function clear(): void {
    tokens.clear();
    below.clear();
  }

  function keep(id: string, found: Found): void {
    // where each request is counted, each one looks
    if (found.grant && found.grant.usesLeft !== null) return;
    // nobody below is kept whom the end of one above would not reach
    if (below.size >= credentialsMax) clear();
    remember(tokens, id, found, credentialsMax);
    for (const above of found.grant?.lineage ?? []) {
      const known = below.get(above) ?? new Set<string>();
      below.set(above, known.add(id));
    }
  }

  async function lookUp(id: string, token: string): Promise<Authenticated> {
    const before = generation;
    const found = await source.token(id, token);
    if (!found) throw unknown();
    if (generation === before) keep(id, found);
    return authenticated(id, found);
  }

  function forget(id: string): void {
    tokens.delete(id);
    for (const child of below.get(id) ?? []) tokens.delete(child);
    below.delete(id);
  }

  return {
    recognise(token) {
      const id = tokenId(token);
      const found = tokens.get(id);
      const isOver = found && found.expiresAt !== null && clock.now() >= found.expiresAt;
      // what is over may have been renewed, and so may those above it
      return found && !isOver ? authenticated(id, found) : lookUp(id, token);
    },

    invalidate(entity) {
      const [, collection, document = ''] = documentForm.exec(entity) ?? [];
      if (entity.startsWith('document:') && collection === undefined) return;
      generation += 1;
      if (collection === 'token') forget(document);
      else if (collection !== undefined) {
        for (const [id, found] of tokens) if (found.grant) tokens.delete(id);
      } else if (entity.startsWith('credential:')) forget(entity.slice('credential:'.length));
      else if (entity.startsWith('principal:')) {
        const principalId = entity.slice('principal:'.length);
        for (const [id, found] of tokens) if (found.principal.id === principalId) tokens.delete(id);
      }
    },

    invalidateAll() {
      generation += 1;
      clear();
    },
  };
}
