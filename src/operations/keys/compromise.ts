import { z } from 'zod';
import { changeState, currentVersion, replaceVersion, versionOf, ClavigerError, type Key } from '#domain';
import { anyCondition, defineOperation, onKey, present } from '../define.ts';
import { keyReference } from '../inputs.ts';
import type { KeyCondition } from '../operation.ts';
import { revised, updateOf } from './change.ts';

const input = z.strictObject({
  key: keyReference,
  version: z.number().int().min(1).nullable(),
  /** When the compromise happened, where that is known: milliseconds since 1970. */
  occurredAt: z.number().int().min(0).nullable(),
});
type Input = z.infer<typeof input>;

//= sp800-57p1r5 7.7: a compromise that is found after the destruction is recorded
const everyCondition: readonly KeyCondition[] = [...anyCondition, 'destroyed'];

/** Reports that a version's material is or may be known to others: it neither protects nor processes any more. */
export const reportCompromise = defineOperation<Input, Key>({
  name: 'keys.report-compromise',
  kind: 'manage',
  input,
  targets: [
    onKey<Input>({ permission: 'keys:report-compromise', act: 'manage', conditions: everyCondition }),
  ],
  run: ({ keys, now }, wish) => {
    const { key } = present(keys[0]);
    const version = wish.version === null ? currentVersion(key) : versionOf(key, wish.version);
    if (!version) throw new ClavigerError('key-not-found', `Key ${key.id} has no version ${wish.version}.`);
    if (wish.occurredAt !== null && wish.occurredAt > now) {
      throw new ClavigerError('input-invalid', 'A compromise can not have happened in the future.', {
        details: { field: 'occurredAt' },
      });
    }
    const occurred = wish.occurredAt === null ? {} : { occurredAt: wish.occurredAt };
    const to = version.state === 'destroyed' ? 'destroyed-compromised' : 'compromised';
    const changed = changeState(version, to, {
      at: now,
      cause: 'compromise-reported',
      ...occurred,
    });
    const after = replaceVersion(key, changed);
    return {
      output: revised(key, after),
      changes: [updateOf(key, after)],
      facts: { version: version.number, occurredAt: wish.occurredAt },
    };
  },
});
