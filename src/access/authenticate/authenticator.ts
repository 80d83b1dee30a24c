import { randomBytes, type KeyObject } from 'node:crypto';
import { signingKey } from '#crypto';
import { ClavigerError } from '#domain';
import type { Clock } from '#ports';
import {
  credentialsMax,
  remember,
  unknown,
  type Authenticated,
  type CredentialSource,
  type Found,
} from './found.ts';
import { readClaim, type SignedClaim } from './claim.ts';
import { headerOf } from './raw-headers.ts';
import { outOfScope, requireFresh, requireSignature, type SignedRequest } from './sigv4.ts';
import { isTokenForm } from './token.ts';
import { createTokenCache } from './token-cache.ts';

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

const scopesMax = 8;

/** Recognises callers; what was looked up stays cached until it is invalidated. */
export function createAuthenticator({
  source,
  clock,
}: {
  source: CredentialSource;
  clock: Clock;
}): Authenticator {
  const accessKeys = new Map<string, Known>();
  // an unknown access key is checked against this, so that it costs about what a known one does
  const nobody = signingKey(randomBytes(40), { date: '20000101', region: 'nowhere', service: 'kms' });

  // counts the invalidations: what was looked up before one is not cached after it
  let generation = 0;

  function requireCurrent(found: Found): void {
    if (found.expiresAt !== null && clock.now() >= found.expiresAt) {
      throw new ClavigerError('credential-expired', 'The credential has expired.');
    }
    if (found.principal.disabled) throw unknown();
    if (found.grant?.isBarred)
      throw new ClavigerError('access-denied', 'The entity of the token is disabled, or is no more.');
  }

  const tokens = createTokenCache({ source, clock, requireCurrent });

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
      const who = await tokens.recognise(token);
      if (who.grant && !who.grant.acl.isRoot) {
        throw new ClavigerError(
          'access-denied',
          'The token has policies, which speak of paths under /v1/ and of nothing else.',
        );
      }
      // neither is looked at here
      if (who.grant && (who.grant.usesLeft !== null || who.grant.boundCidrs.length > 0)) {
        throw new ClavigerError(
          'access-denied',
          'The token has only so many uses or is bound to addresses, and is taken under /v1/ alone.',
        );
      }
      return who;
    },

    token(token) {
      if (!isTokenForm(token)) throw unknown();
      return tokens.recognise(token);
    },

    invalidate(entity) {
      tokens.invalidate(entity);
      if (entity.startsWith('document:')) return;
      generation += 1;
      if (entity.startsWith('credential:')) {
        const id = entity.slice('credential:'.length);
        accessKeys.delete(id);
      } else if (entity.startsWith('principal:')) {
        const id = entity.slice('principal:'.length);
        for (const [key, known] of accessKeys) if (known.found.principal.id === id) accessKeys.delete(key);
      }
    },

    invalidateAll() {
      generation += 1;
      accessKeys.clear();
      tokens.invalidateAll();
    },
  };
}
