import { createAuthenticator, type Authenticator } from '#access';
import {
  accessKeySecretName,
  type DocumentCache,
  findGrant,
  type Freshness,
  type Hierarchy,
} from '#operations';
import type { Clock, Store } from '#ports';

type Parts = {
  store: Store;
  documents: DocumentCache;
  hierarchy: Hierarchy;
  clock: Clock;
  accountOf: (environment: string) => Promise<string>;
};

/** The authenticator over the store's credentials and tokens. */
export function storeAuthenticator({ store, documents, hierarchy, clock, accountOf }: Parts): Authenticator {
  async function leased(idHash: string, token: string) {
    const found = await findGrant({ store, documents, hierarchy, clock }, idHash, token);
    if (!found || found.lease.usesLeft === 0) return null;
    const { acl, lease, lineage, principal, endsAt } = found;
    const { isBarred, dependsOn } = found.identity;
    const { usesLeft, boundCidrs } = lease;
    const grant = { acl, lineage, isBarred, dependsOn, usesLeft, boundCidrs };
    return { principal, accountId: await accountOf(principal.environment), expiresAt: endsAt, grant };
  }

  return createAuthenticator({
    clock,
    source: {
      async accessKey(id) {
        const credential = await store.credential(id);
        if (credential?.kind !== 'access-key') return null;
        const principal = await store.principal(credential.principalId);
        if (!principal) return null;
        using secret = await hierarchy.openSmall(
          credential.environment,
          accessKeySecretName(id),
          credential.wrappedSecret,
        );
        return {
          principal,
          accountId: await accountOf(principal.environment),
          secret: secret.use((bytes) => Buffer.from(bytes)),
          expiresAt: credential.expiresAt,
        };
      },
      async token(idHash, token) {
        const credential = await store.credential(idHash);
        if (!credential) return leased(idHash, token);
        if (credential.kind !== 'token') return null;
        const principal = await store.principal(credential.principalId);
        if (!principal) return null;
        return {
          principal,
          accountId: await accountOf(principal.environment),
          expiresAt: credential.expiresAt,
        };
      },
    },
  });
}

export type Recognises = Pick<Authenticator, 'sigv4' | 'bearer' | 'token'>;

/** Recognises callers only while the caches are fresh: a credential that another node deleted is not taken from this one's. */
export function whileFresh(authenticator: Recognises, freshness: Freshness): Recognises {
  return {
    sigv4(request, services) {
      const waiting = freshness.require();
      return waiting
        ? waiting.then(() => authenticator.sigv4(request, services))
        : authenticator.sigv4(request, services);
    },
    token(token) {
      const waiting = freshness.require();
      return waiting ? waiting.then(() => authenticator.token(token)) : authenticator.token(token);
    },
    async bearer(request) {
      await freshness.require();
      return authenticator.bearer(request);
    },
  };
}
