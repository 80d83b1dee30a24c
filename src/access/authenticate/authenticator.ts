import { randomBytes, type KeyObject } from 'node:crypto';
import { signingKey } from '#crypto';
import { ClavigerError, type Instant, type Principal } from '#domain';
import type { Clock } from '#ports';
import type { CompiledAcl } from '../authorize/acl-policy/compile.ts';
import { readClaim, type SignedClaim } from './claim.ts';
import { headerOf } from './raw-headers.ts';
import { outOfScope, requireFresh, requireSignature, type SignedRequest } from './sigv4.ts';
import { isTokenForm, tokenId } from './token.ts';

/** Who was recognised, and by what. */
export type Authenticated = {
  readonly principal: Principal;
  readonly accountId: string;
  /** The region of a signed request's scope; null for a token. */
  readonly region: string | null;
  readonly credentialId: string;
  readonly method: 'sigv4' | 'token';
  /** Of a token whose policies say what it may do; absent: the roles of the principal decide. */
  readonly grant?: Grant;
};

/** A token of limited rights. */
export type Grant = {
  readonly acl: CompiledAcl;
  /** Tokens above it: it ends with each of them. */
  readonly lineage: readonly string[];
  /** Requests are counted, and so many are left; null: they are not. */
  readonly usesLeft: number | null;
  /** Addresses from which it may be used, in CIDR form; empty: from all. */
  readonly boundCidrs: readonly string[];
};

type Found = {
  readonly principal: Principal;
  readonly accountId: string;
  readonly expiresAt: Instant | null;
  readonly grant?: Grant;
};

/** Where credentials are looked up. Null: there is no such credential. */
export type CredentialSource = {
  /** The secret is a copy, which the authenticator wipes. */
  readonly accessKey: (id: string) => Promise<(Found & { readonly secret: Uint8Array }) | null>;
  readonly token: (idHash: string, token: string) => Promise<Found | null>;
};

export interface Authenticator {
  /** Checks a signed request for one of these services. Throws or rejects with the errors of `sigv4.ts`. */
  sigv4(request: SignedRequest, services: readonly string[]): Authenticated | Promise<Authenticated>;
  /** Checks the bearer token of a request. */
  bearer(request: Pick<SignedRequest, 'rawHeaders'>): Promise<Authenticated>;
  /** Checks a token that a protocol has found in its own place; at once where it is known. */
  token(token: string): Authenticated | Promise<Authenticated>;
  /** Forgets what is cached of `credential:ID` or `principal:ID`. */
  invalidate(entity: string): void;
  invalidateAll(): void;
}

type Known = { readonly found: Found; readonly keys: Map<string, KeyObject> };

const credentialsMax = 10_000;
const scopesMax = 8;

function remember<V>(map: Map<string, V>, key: string, value: V, max: number): void {
  if (map.size >= max) {
    const oldest = map.keys().next();
    if (!oldest.done) map.delete(oldest.value);
  }
  map.set(key, value);
}

const unknown = () => new ClavigerError('credential-unknown', 'The credential is not known.');

/** Recognises callers; what was looked up stays cached until it is invalidated. */
export function createAuthenticator({
  source,
  clock,
}: {
  source: CredentialSource;
  clock: Clock;
}): Authenticator {
  const accessKeys = new Map<string, Known>();
  const tokens = new Map<string, Found>();
  /** Of a token, those that end with it. */
  const below = new Map<string, Set<string>>();
  // an unknown access key is checked against this, so that it costs about what a known one does
  const nobody = signingKey(randomBytes(40), { date: '20000101', region: 'nowhere', service: 'kms' });

  // counts the invalidations: what was looked up before one is not cached after it
  let generation = 0;

  function requireCurrent(found: Found): void {
    if (found.expiresAt !== null && clock.now() >= found.expiresAt) {
      throw new ClavigerError('credential-expired', 'The credential has expired.');
    }
    if (found.principal.disabled) throw unknown();
  }

  type Proof = { readonly found: Found; readonly key: KeyObject };

  function checked(request: SignedRequest, signed: SignedClaim, { found, key }: Proof): Authenticated {
    const { claim } = signed;
    const stamp = requireFresh(claim, request.rawHeaders, clock.now());
    requireSignature(request, signed, { key, stamp });
    requireCurrent(found);
    const { principal, accountId } = found;
    return { principal, accountId, region: claim.region, credentialId: claim.accessKeyId, method: 'sigv4' };
  }

  async function lookUp(request: SignedRequest, signed: SignedClaim): Promise<Authenticated> {
    const { claim } = signed;
    const stamp = requireFresh(claim, request.rawHeaders, clock.now());
    const before = generation;
    const found = await source.accessKey(claim.accessKeyId);
    if (!found) {
      try {
        requireSignature(request, signed, { key: nobody, stamp });
      } catch (error) {
        if (error instanceof ClavigerError && error.code === 'input-invalid') throw error;
      }
      throw unknown();
    }
    const { secret, ...rest } = found;
    try {
      const key = signingKey(secret, claim);
      const authenticated = checked(request, signed, { found: rest, key });
      // only what has proved itself takes room in the cache
      if (generation === before) {
        const known = accessKeys.get(claim.accessKeyId) ?? {
          found: rest,
          keys: new Map<string, KeyObject>(),
        };
        remember(known.keys, claim.scope, key, scopesMax);
        if (!accessKeys.has(claim.accessKeyId))
          remember(accessKeys, claim.accessKeyId, known, credentialsMax);
      }
      return authenticated;
    } finally {
      secret.fill(0);
    }
  }

  function ofToken(id: string, found: Found): Authenticated {
    requireCurrent(found);
    const { principal, accountId, grant } = found;
    const who = { principal, accountId, region: null, credentialId: id, method: 'token' } as const;
    return grant ? { ...who, grant } : who;
  }

  function keepToken(id: string, found: Found): void {
    // where each request is counted, each one looks
    if (found.grant && found.grant.usesLeft !== null) return;
    remember(tokens, id, found, credentialsMax);
    for (const above of found.grant?.lineage ?? []) {
      if (below.size >= credentialsMax) below.clear();
      const known = below.get(above) ?? new Set<string>();
      below.set(above, known.add(id));
    }
  }

  async function lookUpToken(id: string, token: string): Promise<Authenticated> {
    const before = generation;
    const found = await source.token(id, token);
    if (!found) throw unknown();
    if (generation === before) keepToken(id, found);
    return ofToken(id, found);
  }

  function isOver({ expiresAt }: Found): boolean {
    return expiresAt !== null && clock.now() >= expiresAt;
  }

  function forgetToken(id: string): void {
    tokens.delete(id);
    for (const child of below.get(id) ?? []) tokens.delete(child);
    below.delete(id);
  }

  /** Policies and tokens that are kept as documents. */
  function forgetDocument(entity: string): void {
    const [, , collection = '', id = ''] = /^document:([^/]*)\/([^/]*)\/(.*)$/.exec(entity) ?? [];
    if (collection === 'token') forgetToken(id);
    else if (collection === 'acl-policy') {
      for (const [tokenHash, found] of tokens) if (found.grant) tokens.delete(tokenHash);
    }
  }

  function byToken(token: string): Authenticated | Promise<Authenticated> {
    const id = tokenId(token);
    const found = tokens.get(id);
    // what is over may have been renewed, and so may those above it
    return found && !isOver(found) ? ofToken(id, found) : lookUpToken(id, token);
  }

  return {
    sigv4(request, services) {
      const signed = readClaim(headerOf(request.rawHeaders, 'authorization'));
      const { claim } = signed;
      if (!services.includes(claim.service)) {
        throw outOfScope(`Credential should be scoped to correct service: '${services[0]}'.`);
      }
      if (headerOf(request.rawHeaders, 'x-amz-security-token') !== undefined) throw unknown();
      const known = accessKeys.get(claim.accessKeyId);
      const key = known?.keys.get(claim.scope);
      if (known && key) return checked(request, signed, { found: known.found, key });
      return lookUp(request, signed);
    },

    async bearer(request) {
      const authorization = headerOf(request.rawHeaders, 'authorization');
      if (authorization === undefined)
        throw new ClavigerError('not-authenticated', 'A bearer token is needed.');
      const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1] ?? '';
      if (!isTokenForm(token))
        throw new ClavigerError(
          'not-authenticated',
          'The Authorization header holds no well-formed bearer token.',
        );
      const who = await byToken(token);
      if (who.grant && !who.grant.acl.isRoot) {
        throw new ClavigerError(
          'access-denied',
          'The token has policies, which speak of paths under /v1/ and of nothing else.',
        );
      }
      return who;
    },

    token(token) {
      if (!isTokenForm(token)) throw unknown();
      return byToken(token);
    },

    invalidate(entity) {
      generation += 1;
      if (entity.startsWith('document:')) return forgetDocument(entity);
      if (entity.startsWith('credential:')) {
        const id = entity.slice('credential:'.length);
        accessKeys.delete(id);
        forgetToken(id);
      } else if (entity.startsWith('principal:')) {
        const id = entity.slice('principal:'.length);
        for (const [key, known] of accessKeys) if (known.found.principal.id === id) accessKeys.delete(key);
        for (const [key, found] of tokens) if (found.principal.id === id) tokens.delete(key);
      }
    },

    invalidateAll() {
      generation += 1;
      accessKeys.clear();
      tokens.clear();
      below.clear();
    },
  };
}
