import type { AuditEvent, ErrorCode } from '#domain';
import { spread } from '../memory/spread.ts';
import type { ExpectedChange } from '../expected-change.ts';
import type { Dice } from './dice.ts';
import { type Actor, idOf, type TrafficKey } from './population.ts';

/** What an event is part of: an incident to find, or its harmless twin. */
export type TrafficLabel = {
  readonly scenario: string;
  /** `C1-2`: the second one of its scenario. */
  readonly incident: string;
  readonly isTwin: boolean;
};

/** An event that will be numbered and written. */
export type TrafficDraft = {
  readonly at: number;
  readonly event: Omit<AuditEvent, 'id' | 'at'>;
  readonly label: TrafficLabel | null;
};

/** What a generator gives: events in the order of their time, and changes before what they announce. */
export type TrafficItem =
  | {
      readonly kind: 'event';
      readonly index: number;
      readonly event: AuditEvent;
      readonly label: TrafficLabel | null;
    }
  | { readonly kind: 'expected'; readonly change: ExpectedChange };

const words: Readonly<Record<string, string>> = {
  encrypt: 'Encrypt',
  decrypt: 'Decrypt',
  sign: 'Sign',
  export: 'ExportKey',
  describe: 'DescribeKey',
  list: 'ListKeys',
  disable: 'DisableKey',
  create: 'CreateKey',
  'schedule-destruction': 'ScheduleKeyDeletion',
  'put-policy': 'PutKeyPolicy',
  'rotate-due': 'RotateKey',
};

export type Use = {
  readonly operation: string;
  readonly keyId: string | null;
  readonly version?: number | null;
  readonly context?: string | null;
  readonly reason?: ErrorCode | null;
};

/** SHA-256 has the length of this; it is none. */
export function contextOf(...parts: readonly (string | number)[]): string {
  const text = parts.join(' ');
  return Array.from({ length: 8 }, (_, at) => spread(text, at).toString(16).padStart(8, '0')).join('');
}

/** An operation as the server would record it. */
export function draftOf(
  at: number,
  who: { principal: string; environment: string; address: string; agent: string },
  use: Use,
  label: TrafficLabel | null,
): TrafficDraft {
  const reason = use.reason ?? null;
  return {
    at,
    label,
    event: {
      node: 'node-a',
      environment: who.environment,
      principal: who.principal,
      operation: `keys.${use.operation}`,
      outcome: reason === null ? 'success' : 'refused',
      reason,
      keyId: use.keyId,
      keyVersion: use.version ?? null,
      otherKeyId: null,
      protocol: use.operation.endsWith('-due') ? 'internal' : 'aws-kms',
      protocolOperation: words[use.operation] ?? use.operation,
      region: 'us-east-1',
      sourceAddress: who.address,
      userAgent: who.agent,
      contextDigest: use.context ?? null,
      facts: null,
    },
  };
}

/** One of an actor's copies, from one of its networks. */
export function asActor(dice: Dice, actor: Actor) {
  return {
    principal: dice.pick(actor.copies),
    environment: actor.environment,
    address: `${dice.pick(actor.networks)}.${1 + dice.below(250)}`,
    agent: actor.agent,
  };
}

export function newKey(number: number, environment: string): TrafficKey {
  return { id: idOf(2, number), environment, version: 1 };
}
