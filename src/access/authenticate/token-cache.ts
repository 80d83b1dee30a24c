import type { Clock } from '#ports';
import { credentialsMax, unknown, type Authenticated, type CredentialSource, type Found } from './found.ts';
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

const documentForm = /^document:[^/]*\/(token|acl-policy|mounts|entity|group|member-group)\/(.*)$/;
/** How many ties between tokens and what they end or change with are kept. */
const tiesMax = 20 * credentialsMax;

function tiesOf({ grant }: Found): readonly string[] {
  return grant ? [...new Set([...grant.lineage, ...grant.dependsOn])] : [];
}

export function createTokenCache({ source, clock, requireCurrent }: Parts): TokenCache {
  const tokens = new Map<string, Found>();
  /** Of a token, those that end with it; of an entity or a group, those whose policies it gives. */
  const below = new Map<string, Set<string>>();
  let ties = 0;
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
    ties = 0;
  }

  function drop(id: string): void {
    const found = tokens.get(id);
    tokens.delete(id);
    for (const above of found ? tiesOf(found) : []) {
      const known = below.get(above);
      if (!known?.delete(id)) continue;
      ties -= 1;
      if (known.size === 0) below.delete(above);
    }
  }

  function keep(id: string, found: Found): void {
    // where each request is counted, each one looks
    if (found.grant && found.grant.usesLeft !== null) return;
    drop(id);
    const above = tiesOf(found);
    // nobody below is kept whom the end of one above would not reach
    if (ties + above.length > tiesMax) clear();
    const oldest = tokens.size >= credentialsMax ? tokens.keys().next().value : undefined;
    if (oldest !== undefined) drop(oldest);
    tokens.set(id, found);
    for (const each of above) {
      const known = below.get(each) ?? new Set<string>();
      below.set(each, known.add(id));
    }
    ties += above.length;
  }

  async function lookUp(id: string, token: string): Promise<Authenticated> {
    const before = generation;
    const found = await source.token(id, token);
    if (!found) throw unknown();
    if (generation === before) keep(id, found);
    return authenticated(id, found);
  }

  function forget(id: string): void {
    drop(id);
    for (const child of below.get(id) ?? []) drop(child);
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
      // a mount that ends takes away what its logins told
      if (collection === 'acl-policy' || collection === 'mounts') {
        for (const [id, found] of tokens) if (found.grant) drop(id);
      } else if (collection === 'member-group') forget(document.slice(0, document.indexOf('/')));
      else if (collection !== undefined) forget(document);
      else if (entity.startsWith('credential:')) forget(entity.slice('credential:'.length));
      else if (entity.startsWith('principal:')) {
        const principalId = entity.slice('principal:'.length);
        for (const [id, found] of tokens) if (found.principal.id === principalId) drop(id);
      }
    },

    invalidateAll() {
      generation += 1;
      clear();
    },
  };
}
