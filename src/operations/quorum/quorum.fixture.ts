import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import type { Principal, QuorumPolicy, QuorumRule, QuorumTerms, Role } from '#domain';
import { someDay, type TestNode, type TestWorld } from '../house.fixture.ts';
import type { Caller } from '../operation.ts';
import { operations } from '../table.ts';
import type { RequestView } from './decide.ts';
import { approvalMessage, enrolmentMessage } from './signed.ts';

/** Somebody of alpha who is in the store, and can approve once enrolled. */
export type Person = {
  readonly principal: Principal;
  readonly key: KeyObject;
  readonly publicKey: Uint8Array;
};

/** Puts somebody into the store of alpha. */
export async function newPerson(
  world: TestWorld,
  name: string,
  roles: readonly Role[] = ['administrator'],
): Promise<Person> {
  const { principal } = world.caller({ name, roles });
  await world.store.commit({ changes: [{ kind: 'principal-put', principal }], events: [] });
  return { principal, ...newKey() };
}

export function newKey(): Pick<Person, 'key' | 'publicKey'> {
  const pair = generateKeyPairSync('ed25519');
  return { key: pair.privateKey, publicKey: pair.publicKey.export({ format: 'der', type: 'spki' }) };
}

/** The person as a caller, as the store has them now. */
export async function asCaller(world: TestWorld, { principal }: Person): Promise<Caller> {
  const stored = await world.store.principal(principal.id);
  return { ...world.caller(), principal: stored ?? principal };
}

export async function enrol(
  world: TestWorld,
  person: Person,
  by: Pick<Person, 'key' | 'publicKey'> = person,
) {
  const caller = await asCaller(world, person);
  const { environment, id } = person.principal;
  const proof = sign(null, enrolmentMessage(environment, id, by.publicKey), by.key);
  return world.door.run(operations.enrolApprover, caller, { publicKey: by.publicKey, proof });
}

/** Somebody's approval of a request as they would have read it. */
export function signatureOf(request: RequestView, { principal, key }: Person): Uint8Array {
  const { id: requestId, digest, expiresAt, environment } = request;
  return sign(
    null,
    approvalMessage({ environment, requestId, digest, approverId: principal.id, expiresAt }),
    key,
  );
}

export async function approveAs(node: TestNode, caller: Caller, id: string, person: Person) {
  const request = await node.door.run(operations.readApproval, caller, { id });
  return node.door.run(operations.approve, caller, { id, signature: signatureOf(request, person) });
}

export function terms(approvalsMin: number, names: readonly string[], expirySeconds = 3600): QuorumTerms {
  return { approvalsMin, approvers: { names }, expirySeconds };
}

/** A policy that asks these for each of the rules. */
export function policyOf(rules: readonly QuorumRule[], said: QuorumTerms): QuorumPolicy {
  return { rules: Object.fromEntries(rules.map((rule) => [rule, said])) };
}

export const hourMillis = 3_600_000;
export { someDay };
