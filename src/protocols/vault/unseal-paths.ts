import type { HttpResponse } from '#ports';
import { Fields } from './fields.ts';
import { json, sealStatus, type ServerFacts } from './server-facts.ts';
import type { VaultRequest } from './read-request.ts';
import { VaultError } from './vault-error.ts';

const shareLengthMax = 512;

/** Takes a share of a custodian, or drops those that were given. It is answered as `sys/seal-status` is. */
async function unseal(facts: ServerFacts, { data }: VaultRequest, address: string): Promise<HttpResponse> {
  const { custodians } = facts;
  const fields = new Fields(data);
  const key = fields.text('key') ?? '';
  const isReset = fields.flag('reset') ?? false;
  if (!isReset && key === '')
    throw new VaultError(400, "'key' must be specified in request body as JSON, or 'reset' set to true");
  // a server that is not sealed wants no shares, and waits for nobody
  const wanting = facts.state().sealed ? custodians : undefined;
  if (isReset) await wanting?.reset(address);
  else {
    if (key.length > shareLengthMax)
      throw new VaultError(400, "'key' must be a share as claviger init gave it: claviger-share-1:...");
    await wanting?.unseal(Buffer.from(key.trim(), 'utf8'), address);
  }
  return json(200, await sealStatus(facts));
}

/** Where no operator makes a root token by shares: nothing is ever under way. */
function rootTokenStatus(required: unknown): object {
  return {
    nonce: '',
    started: false,
    progress: 0,
    required,
    complete: false,
    encoded_token: '',
    encoded_root_token: '',
    pgp_fingerprint: '',
    otp: '',
    otp_length: 28,
  };
}

function rekeyStatus(required: unknown): object {
  return {
    nonce: '',
    started: false,
    t: 0,
    n: 0,
    progress: 0,
    required,
    pgp_fingerprints: null,
    backup: false,
    verification_required: false,
  };
}

const noRekey = 'no rekey in progress';

/** Acts on the shares themselves; each path says what it answers for reading, writing and deleting. */
type Acts = Readonly<
  Partial<Record<VaultRequest['verb'], ((threshold: unknown) => object | null) | VaultError>>
>;

const rekey: Acts = {
  read: rekeyStatus,
  update: new VaultError(
    400,
    'a new set of shares is made by its custodians at a terminal: run claviger root rekey --shares 5 --threshold 3',
  ),
  delete: () => null,
};
const rekeyUpdate: Acts = { update: new VaultError(400, noRekey) };
const rekeyVerify: Acts = {
  read: new VaultError(400, 'no rekey configuration found'),
  update: new VaultError(400, noRekey),
  delete: () => null,
};
const rootToken: Acts = {
  read: rootTokenStatus,
  update: new VaultError(
    400,
    'no token is made of shares here: an administrator makes one with claviger principal token NAME',
  ),
  delete: () => null,
};

const acts: Readonly<Record<string, Acts>> = Object.freeze({
  __proto__: null as never,
  'sys/rekey/init': rekey,
  'sys/rekey/update': rekeyUpdate,
  'sys/rekey/verify': rekeyVerify,
  'sys/rekey-recovery-key/init': rekey,
  'sys/rekey-recovery-key/update': rekeyUpdate,
  'sys/rekey-recovery-key/verify': rekeyVerify,
  'sys/generate-root/attempt': rootToken,
  'sys/generate-root/update': { update: new VaultError(400, 'no root generation in progress') },
});

/** What custodians ask for without a token; null: it is not such a path, or not such a verb. */
export async function custodianAnswer(
  facts: ServerFacts,
  read: VaultRequest,
  address: string,
): Promise<HttpResponse | null> {
  if (read.verb === 'update' && read.path === 'sys/unseal') return unseal(facts, read, address);
  if (read.verb === 'update' && read.path === 'sys/init')
    throw new VaultError(400, 'Vault is already initialized: a home is made by claviger init');
  const act = facts.state().sealed ? undefined : acts[read.path]?.[read.verb];
  if (act === undefined) return null;
  if (act instanceof VaultError) throw act;
  const body = act((await sealStatus(facts))['t']);
  return body === null ? { ...json(204, {}), body: '' } : json(200, body, read.isHead);
}
