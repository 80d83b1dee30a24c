import { z } from 'zod';
import { ClavigerError } from '#domain';
import { defineOperation } from '../define.ts';
import type { House } from '../house.ts';
import type { Caller } from '../operation.ts';
import { requireFirstEnvironment } from '../recovery/holders.ts';
import type { Custody, Rekeyed, RekeyProgress } from './custody.ts';

/** What custodians may do here. Throws `operation-unsupported` for a root of trust without shares, and `access-denied`: it is one root for all environments. */
async function custodyFor(house: House, caller: Caller): Promise<Custody> {
  await requireFirstEnvironment(house, caller, 'The root key of the whole server');
  const { custody } = house;
  if (custody) return custody;
  throw new ClavigerError(
    'operation-unsupported',
    'The root of trust of this server is not in shares (CLAVIGER_ROOT=shamir:).',
  );
}

const nothing = z.strictObject({});
const rekeyId = z.uuid();
const share = z.string().max(512);

/** Seals the server: it finishes what it accepted, wipes its root key and serves nothing until enough shares are given again. */
export const sealServer = defineOperation<z.infer<typeof nothing>, { readonly sealing: true }>({
  name: 'server.seal',
  kind: 'manage',
  input: nothing,
  targets: [],
  permission: 'server:seal',
  run: async ({ house, caller }) => {
    const custody = await custodyFor(house, caller);
    return { output: { sealing: true }, afterwards: async () => custody.seal() };
  },
});

const schemeInput = z.strictObject({ shares: z.int().min(2).max(16), threshold: z.int().min(2).max(16) });

/** Begins a rekey: a new set of shares for the same root key. */
export const beginRekey = defineOperation<z.infer<typeof schemeInput>, RekeyProgress>({
  name: 'server.begin-rekey',
  kind: 'manage',
  input: schemeInput,
  targets: [],
  permission: 'server:rekey',
  run: async ({ house, caller }, scheme) => {
    const output = await (await custodyFor(house, caller)).beginRekey(scheme);
    return { output, facts: { ...factsOf(output), ...scheme } };
  },
});

const authoriseInput = z.strictObject({ rekeyId, share });

/** Takes a share of the present set, which together authorise a rekey. */
export const authoriseRekey = defineOperation<z.infer<typeof authoriseInput>, Rekeyed>({
  name: 'server.authorise-rekey',
  kind: 'manage',
  input: authoriseInput,
  targets: [],
  permission: 'server:rekey',
  run: async ({ house, caller }, wish) => {
    const output = await (await custodyFor(house, caller)).authoriseRekey(wish.rekeyId, wish.share);
    return { output, facts: factsOf(output) };
  },
});

const confirmInput = z.strictObject({ rekeyId, share: share.nullable() });

/** Takes a share of the new set back; the last one, or the wish not to wait for it, puts the set in place. */
export const confirmRekey = defineOperation<z.infer<typeof confirmInput>, RekeyProgress>({
  name: 'server.confirm-rekey',
  kind: 'manage',
  input: confirmInput,
  targets: [],
  permission: 'server:rekey',
  run: async ({ house, caller }, wish) => {
    const output = await (await custodyFor(house, caller)).confirmRekey(wish.rekeyId, wish.share);
    return { output, facts: { ...factsOf(output), confirmed: wish.share !== null } };
  },
});

const cancelInput = z.strictObject({ rekeyId });

/** Ends a rekey that is not done. */
export const cancelRekey = defineOperation<z.infer<typeof cancelInput>, RekeyProgress>({
  name: 'server.cancel-rekey',
  kind: 'manage',
  input: cancelInput,
  targets: [],
  permission: 'server:rekey',
  run: async ({ house, caller }, wish) => {
    const output = await (await custodyFor(house, caller)).cancelRekey(wish.rekeyId);
    return { output, facts: factsOf(output) };
  },
});

function factsOf({ rekeyId: id, step, setId, given, needed }: RekeyProgress) {
  return { rekeyId: id, step, setId, given, needed };
}
