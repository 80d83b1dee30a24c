import { newId } from '#crypto';
import { ClavigerError } from '#domain';
import type { Door } from '#operations';
import { systemClock, type FailureListener, type HttpProtocol, type HttpResponse } from '#ports';
import { createAwsKms } from '#protocols/aws-kms';
import { createNativeApi } from '#protocols/native';
import { createVault, type Custodians } from '#protocols/vault';
import { createHealth } from '../health.ts';
import type { Metrics } from '../metrics.ts';
import { softwareName } from '../software.ts';

function sealed(): ClavigerError {
  return new ClavigerError(
    'sealed',
    'The server is sealed: its root key is not here until enough custodians have given their shares.',
  );
}

const refuse = (): Promise<never> => Promise.reject(sealed());
const sealedDoor: Door = { run: refuse, runAsSystem: refuse };

const nothingServed: HttpResponse = {
  status: 503,
  headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' },
  body: 'The server is sealed.\n',
};

/** What a server without a root key answers: each protocol says in its own shape that it is sealed. */
export function sealedProtocols(parts: {
  readonly region: string;
  readonly metrics: Metrics;
  readonly isStopping: () => boolean;
  readonly custodians: Custodians;
  /** UUID of the store. */
  readonly clusterId: string;
  readonly onFailure: FailureListener;
}): readonly HttpProtocol[] {
  const { region, metrics, isStopping, custodians, clusterId, onFailure } = parts;
  return [
    createAwsKms({ door: sealedDoor, newRequestId: newId, authenticate: refuse }),
    createNativeApi({ door: sealedDoor, newRequestId: newId, region, fips: null, authenticate: refuse }),
    createVault({
      door: sealedDoor,
      newRequestId: newId,
      region,
      onFailure,
      authenticate: refuse,
      openedWithin: refuse,
      spendUse: refuse,
      anonymous: refuse,
      mountAt: refuse,
      server: {
        state: () => ({ initialized: true, sealed: true }),
        software: softwareName(),
        clusterName: 'claviger',
        clusterId,
        seal: { kind: 'shamir', shares: 0, threshold: 0 },
        now: () => systemClock.now(),
        custodians,
      },
    }),
    createHealth({ metrics, isStopping, sealed: true, checks: [{ name: 'unsealed', check: refuse }] }),
    {
      name: 'sealed',
      bodyMax: 0,
      matches: () => true,
      handle: () => nothingServed,
      refuse: () => nothingServed,
    },
  ];
}

/** Protocols that can be closed: what they accepted is finished, and what comes later is answered by others. */
export type Generation = {
  readonly protocols: readonly HttpProtocol[];
  /** Resolves when everything that was accepted is answered, or after so long. */
  readonly close: (graceMillis: number) => Promise<void>;
};

/** Protocols of one unsealing; `later` answers in their place what arrives when they are closed. */
export function createGeneration(
  protocols: readonly HttpProtocol[],
  later: readonly HttpProtocol[],
): Generation {
  let isOpen = true;
  let active = 0;
  const idle = Promise.withResolvers<void>();

  function done(): void {
    active -= 1;
    if (!isOpen && active === 0) idle.resolve();
  }

  const guarded = (inner: HttpProtocol): HttpProtocol => ({
    ...inner,
    handle(request) {
      if (!isOpen) {
        const other = later.find(({ name }) => name === inner.name) ?? later.at(-1);
        return other ? other.handle(request) : nothingServed;
      }
      active += 1;
      let answer: HttpResponse | Promise<HttpResponse>;
      try {
        answer = inner.handle(request);
      } catch (error) {
        done();
        throw error;
      }
      if (answer instanceof Promise) return answer.finally(done);
      done();
      return answer;
    },
  });

  return {
    protocols: protocols.map(guarded),
    async close(graceMillis) {
      isOpen = false;
      if (active === 0) return;
      const limit = setTimeout(() => idle.resolve(), graceMillis);
      await idle.promise;
      clearTimeout(limit);
    },
  };
}
