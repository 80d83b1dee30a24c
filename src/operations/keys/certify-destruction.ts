import { z } from 'zod';
import { certificateText, type SignedCertificate } from '#audit';
import { newId } from '#crypto';
import { certificateOf, ClavigerError } from '#domain';
import { defineOperation, onKey, present } from '../define.ts';
import { keyReference, textLine } from '../inputs.ts';
import type { KeyCondition } from '../operation.ts';
import { standingDestruction } from './destruction.ts';
import { openingCopies } from './opening-copies.ts';

const input = z.strictObject({
  key: keyReference,
  /** Who did it and who watched: name, title, place, contact, for the record. */
  operator: textLine.nullable().optional(),
  verifier: textLine.nullable().optional(),
});
type Input = z.infer<typeof input>;

const destroyedOnly: readonly KeyCondition[] = ['destroyed'];

/**
 * The signed certificate of the destruction of a key. It is made anew each time, since its status changes with the copies. Throws
 * `key-state-forbids` before the destruction is verified, and while the log has not published it.
 */
export const certifyDestruction = defineOperation<Input, SignedCertificate>({
  name: 'keys.certify-destruction',
  kind: 'read',
  input,
  targets: [
    onKey<Input>({ permission: 'keys:certify-destruction', act: 'inspect', conditions: destroyedOnly }),
  ],
  run: async ({ house, keys, now }, { operator = null, verifier = null }) => {
    const { key } = present(keys[0]);
    const destruction = await standingDestruction(house, key.id);
    if (!destruction?.execution) {
      throw new ClavigerError('key-state-forbids', `There is no record of the destruction of key ${key.id}.`);
    }
    const { node, at, eventId } = destruction.execution;
    const log = await house.log.evidence({ id: eventId, at, node });
    if (!log) {
      throw new ClavigerError(
        'key-state-forbids',
        `The log of node ${node}, which destroyed key ${key.id}, is not on this machine or has not published it yet: ask that node, or again in a second.`,
      );
    }
    const { id } = key;
    const [copies, demands, requester, lastUse] = await Promise.all([
      openingCopies(house, key, at),
      house.demands.of(id),
      house.store.principal(destruction.requestedBy),
      house.lastUses.of(id),
    ]);
    const certificate = certificateOf({
      id: newId(),
      now,
      node: house.log.node,
      software: house.software,
      key,
      destruction,
      requester: requester?.name ?? null,
      demands,
      copies,
      lastUse,
      log,
      operator,
      verifier,
    });
    const signatures = await house.log.attest(certificateText(certificate));
    return {
      output: { certificate, signatures },
      facts: { certificate: certificate.id, status: certificate.status },
    };
  },
});
