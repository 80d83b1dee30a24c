import { createAuthenticator, type Authenticator } from '#access';
import type { Freshness, Hierarchy } from '#operations';
import { accessKeySecretName } from '#operations';
import type { Clock, Store } from '#ports';

type Parts = {
  store: Store;
  hierarchy: Hierarchy;
  clock: Clock;
  accountOf: (environment: string) => Promise<string>;
};

/** The authenticator over the store's credentials. */
export function storeAuthenticator({ store, hierarchy, clock, accountOf }: Parts): Authenticator {
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
      async token(idHash) {
        const credential = await store.credential(idHash);
        if (credential?.kind !== 'token') return null;
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

/**
 * The authenticator of a node that follows the store: a credential that was revoked elsewhere is known to be so before it is
 * recognised, however long this node had nothing to do.
 */
export function currentAuthenticator(cached: Authenticator, freshness: Freshness): Authenticator {
  return {
    ...cached,
    sigv4(request, services) {
      const waiting = freshness.require();
      return waiting ? waiting.then(() => cached.sigv4(request, services)) : cached.sigv4(request, services);
    },
    async bearer(request) {
      await freshness.require();
      return cached.bearer(request);
    },
  };
}
