import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { it } from 'node:test';
import { engineRoutes } from './engines/routers.ts';
import { startVault, type Answer, type VaultHouse } from './vault.fixture.ts';

const rounds = Number(process.env['CLAVIGER_VAULT_FUZZ_ROUNDS'] ?? 6000);
const seed = Number(process.env['CLAVIGER_FUZZ_SEED'] ?? randomInt(2 ** 31));
const abreast = 16;

/** Small and reproducible: xorshift. */
function diceOf(start: number) {
  let state = start || 1;
  const roll = (sides: number): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % sides;
  };
  return { roll, pick: <T>(all: readonly T[]): T => all[roll(all.length)] as T };
}

type Dice = ReturnType<typeof diceOf>;

const mounts: Readonly<Record<string, string>> = {
  approle: 'auth/approle/',
  cert: 'auth/cert/',
  cubbyhole: 'cubbyhole/',
  jwt: 'auth/jwt/',
  kubernetes: 'auth/kubernetes/',
  kv1: 'kv1/',
  kv2: 'secret/',
  system: 'sys/',
  token: 'auth/token/',
  transit: 'transit/',
  userpass: 'auth/userpass/',
};

const words = [
  'k',
  'aes',
  'rsa',
  'ec',
  'a',
  'a/b',
  '..',
  '%00',
  '%2e%2e',
  '\u00e9',
  'x'.repeat(300),
  '',
  '1',
  'plaintext',
  'default',
  'root',
];
const names = [
  'plaintext',
  'ciphertext',
  'input',
  'batch_input',
  'context',
  'key_version',
  'type',
  'derived',
  'exportable',
  'policy',
  'policies',
  'ttl',
  'token',
  'accessor',
  'data',
  'options',
  'versions',
  'custom_metadata',
  'hash_algorithm',
  'signature',
  'hmac',
  'paths',
  'path',
  'num_uses',
  'role',
  'role_id',
  'secret_id',
  'password',
  'jwt',
  'backup',
  'bytes',
  'format',
  'min_decryption_version',
  'auto_rotate_period',
  'config',
  'id',
  'meta',
  'hash_function',
  'bits',
  'salt_length',
  'prehashed',
  'marshaling_algorithm',
  'bound_audiences',
  'token_bound_cidrs',
  'max_versions',
  'cas',
  'name',
  'cidr_list',
  'metadata',
  'listing_visibility',
  'from',
  'to',
  'increment',
  'certificate',
  'crl',
  'url',
  'allowed_names',
  'required_extensions',
  'period',
  'min_available_version',
  'delete_version_after',
];
const scalars: readonly unknown[] = [
  '',
  'c2VjcmV0',
  'vault:v1:AAAA',
  'vault:v1:',
  'vault:v99999999999:AA',
  'aes',
  'rsa-2048',
  'true',
  '1h',
  '-1',
  'x'.repeat(5000),
  '\u0000',
  '\ud800',
  '{}',
  '[]',
  'a,b',
  null,
  true,
  false,
  0,
  -1,
  1e308,
  1.5,
  2 ** 53,
  [],
  {},
  [1, 'a'],
  [[]],
  { a: { b: null } },
  [{ plaintext: 'c2VjcmV0' }],
  [{ ciphertext: 'vault:v1:AAAA' }, null],
  { cas: 0 },
  { __proto__: 1 },
  'path "a" { capabilities = ["read"] }',
  '10.0.0.0/8',
  '999.1.1.1/99',
  'root',
];
const methods = ['GET', 'POST', 'PUT', 'LIST', 'DELETE', 'PATCH', 'HEAD'];

function pathFrom(dice: Dice): string {
  const type = dice.pick(Object.keys(engineRoutes));
  const route = dice.pick(engineRoutes[type] ?? []);
  const inner = route.path.replaceAll(/\{[a-z]+(?:\.\.\.)?\}/g, () => dice.pick(words));
  const changed = dice.roll(8) === 0 ? `${inner}/${dice.pick(words)}` : inner;
  const query =
    dice.roll(5) === 0
      ? `?${dice.pick(names)}=${encodeURIComponent(dice.pick(words))}&list=${dice.pick(['true', 'x'])}`
      : '';
  return `${mounts[type] ?? `${type}/`}${changed}${query}`;
}

/** A server seals itself, or ends its tokens, where it is asked to: that is no fault. */
const harmful = /^sys\/(seal|rotate|mounts|auth|remount)|^auth\/token\/(revoke|tidy)/;

function requestFrom(dice: Dice) {
  let where = pathFrom(dice);
  while (harmful.test(where)) where = pathFrom(dice);
  const method = dice.pick(methods);
  const body = Object.fromEntries(
    Array.from({ length: dice.roll(6) }, () => [dice.pick(names), dice.pick(scalars)]),
  );
  const raw =
    dice.roll(12) === 0
      ? dice.pick(['null', '', '{', '[]', '"a"', 'a=b&c', '{"a":'.repeat(100), '[['.repeat(400)])
      : undefined;
  const headers: Record<string, string> = {};
  if (method === 'PATCH' && dice.roll(4) > 0) headers['content-type'] = 'application/merge-patch+json';
  if (dice.roll(10) === 0) headers['x-vault-wrap-ttl'] = dice.pick(['60', '1h', 'x', '-1', '999999999999']);
  if (dice.roll(20) === 0) headers['x-vault-namespace'] = dice.pick(['default', 'other', '/', '\u00e9']);
  return { method, where, body, options: { headers, ...(raw === undefined ? {} : { raw }) } };
}

/** An answer is a success, or a refusal in the shape that clients of Vault read; what the house could not do is none. */
function requireClear({ status, headers, body }: Answer): void {
  assert.equal(headers['content-type'], 'application/json');
  if (status < 300) return;
  assert.ok(status >= 400 && status < 500, `status ${status}`);
  const isEnvelope = typeof body['request_id'] === 'string';
  assert.ok(
    isEnvelope || (Array.isArray(body.errors) && body.errors.every((error) => typeof error === 'string')),
  );
}

async function prepare(vault: VaultHouse): Promise<void> {
  await vault.ask('POST', 'sys/mounts/kv1', { type: 'kv' });
  for (const type of ['approle', 'cert', 'userpass', 'jwt', 'kubernetes'])
    await vault.ask('POST', `sys/auth/${type}`, { type });
  await vault.ask('PUT', 'transit/keys/aes', { exportable: true });
  await vault.ask('PUT', 'transit/keys/k', { derived: true, convergent_encryption: true });
  await vault.ask('PUT', 'transit/keys/ec', { type: 'ecdsa-p256' });
  await vault.ask('PUT', 'transit/keys/rsa', { type: 'rsa-2048' });
  await vault.ask('PUT', 'secret/data/a/b', { data: { a: 'b' } });
}

it(`answers ${rounds} requests of all kinds clearly (seed ${seed})`, async (context) => {
  context.diagnostic(`repeat with CLAVIGER_FUZZ_SEED=${seed}`);
  const vault = await startVault();
  try {
    await prepare(vault);
    const dice = diceOf(seed);
    const statuses = new Map<number, number>();
    const one = async (request: ReturnType<typeof requestFrom>): Promise<void> => {
      const { method, where, body, options } = request;
      const answer = await vault.send(method, where, body, options);
      try {
        requireClear(answer);
      } catch (error) {
        const shown = JSON.stringify(request).slice(0, 3000);
        throw new Error(`${shown}\nwas answered ${JSON.stringify(answer).slice(0, 1000)}`, { cause: error });
      }
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
    };
    for (let round = 0; round < rounds; round += abreast)
      await Promise.all(
        Array.from({ length: Math.min(abreast, rounds - round) }, () => one(requestFrom(dice))),
      );
    context.diagnostic([...statuses].map(([status, count]) => `${status}: ${count}`).join(', '));
    for (const status of [200, 204, 400, 404, 405])
      assert.ok((statuses.get(status) ?? 0) > 0, `none was answered ${status}`);
  } finally {
    await vault.close();
  }
});
