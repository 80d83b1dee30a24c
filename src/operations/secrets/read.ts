import { z } from 'zod';
import { hasCode } from '#domain';
import { defineOperation } from '../define.ts';
import type { Outcome } from '../operation.ts';
import { isTold, versionOf, type SecretHead, type SecretVersion } from './head.ts';
import { headId, heads, secretPath, storeId } from './places.ts';
import { openedValue, readAnew, type SecretValue } from './values.ts';
import type { SecretLabels } from './write.ts';

const readInput = z.strictObject({
  store: storeId,
  path: secretPath,
  /** 0: the current one. */
  version: z.int().min(0),
});
type ReadInput = z.infer<typeof readInput>;

/** A version of a secret; its value is null where it was deleted or destroyed. */
export type ReadSecret = {
  readonly version: SecretVersion;
  readonly labels: SecretLabels;
  readonly value: SecretValue | null;
};

/** The value of a secret; null: there is no such secret or version. */
export const readSecret = defineOperation<ReadInput, ReadSecret | null>({
  name: 'secrets.read',
  kind: 'use',
  input: readInput,
  targets: [],
  permission: 'secrets:read',
  run: ({ house, caller, now }, { version: number, ...secret }) => {
    const { environment } = caller.principal;
    const answer = (
      head: SecretHead | undefined,
    ): Outcome<ReadSecret | null> | Promise<Outcome<ReadSecret | null>> => {
      const version = head ? versionOf(head, number) : null;
      const facts = { store: secret.store, path: secret.path, version: version?.number ?? null };
      if (!head || !version) return { output: null, facts };
      const { labels } = head;
      if (!isTold(version, now)) return { output: { version, labels, value: null }, facts };
      const value = openedValue(house, environment, { secret, number: version.number });
      if (!(value instanceof Promise)) return { output: { version, labels, value }, facts };
      return value.then((opened) => ({ output: { version, labels, value: opened }, facts }));
    };
    const found = heads.find(house, environment, headId(secret));
    const first =
      found instanceof Promise ? found.then((kept) => answer(kept?.content)) : answer(found?.content);
    if (!(first instanceof Promise)) return first;
    return first.catch((error: unknown) => {
      if (!hasCode(error, 'key-destroyed')) throw error;
      return readAnew(house, environment, secret, (kept) => answer(kept?.content));
    });
  },
});
