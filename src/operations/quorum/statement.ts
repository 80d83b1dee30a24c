import { SecretBytes, sha256Hex } from '#crypto';
import type { Key, KeyVersion } from '#domain';
import { canonicalJson } from '#encoding';
import type { House } from '../house.ts';
import type { Caller, KeyReference } from '../operation.ts';

/** What an approval speaks of, as an operation would be given it. */
export type Asked = {
  readonly operation: string;
  readonly caller: Pick<Caller, 'principal' | 'region'>;
  readonly input: unknown;
  /** The keys that the input's references were found to be, one for each rule. */
  readonly keys: readonly {
    readonly reference: KeyReference;
    readonly key: Pick<Key, 'id' | 'createdAt'>;
    readonly version: Pick<KeyVersion, 'number'>;
  }[];
};

/** Members of inputs that are secret words. */
const secretMembers: ReadonlySet<string> = new Set(['password', 'passphrase', 'secret', 'token']);

type Names = Pick<House, 'fingerprintOf'>;

const purpose = Buffer.from('claviger approval statement\0', 'utf8');

/** A keyed function of what is secret: equal exactly for the same, and nothing that can be guessed at without the house's key. */
function fingerprint(house: Names, content: Uint8Array): string {
  const all = Buffer.allocUnsafeSlow(purpose.length + content.length);
  all.set(purpose);
  all.set(content, purpose.length);
  using secret = SecretBytes.take(all);
  return house.fingerprintOf(secret);
}

/**
 * A value as a statement tells it. Bytes, large numbers and secret words are told by a fingerprint, in an object whose members begin with
 * one `$`; a member that begins so itself has one more, so that no two inputs are told alike.
 */
function told(house: Names, value: unknown, found: ReadonlyMap<unknown, string>): unknown {
  const id = found.get(value);
  if (id !== undefined) return { $key: id };
  if (value instanceof Uint8Array) return { $bytes: value.length, $fingerprint: fingerprint(house, value) };
  if (typeof value === 'bigint')
    return { $number: fingerprint(house, Buffer.from(value.toString(16), 'utf8')) };
  if (Array.isArray(value)) return value.map((entry: unknown) => told(house, entry, found));
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([name, entry]: [string, unknown]) => {
    const isSecret = secretMembers.has(name) && typeof entry === 'string';
    const content = isSecret
      ? { $secret: fingerprint(house, Buffer.from(entry, 'utf8')) }
      : told(house, entry, found);
    return [name.startsWith('$') ? `$${name}` : name, content];
  });
  return Object.fromEntries(members);
}

/**
 * The one text of what is asked, for approvers to read and to sign: who asks, for what, of which keys (by their ids, whatever name they were
 * called by), with every member of the input. It holds no secret.
 */
export function statementOf(house: Names, { operation, caller, input, keys }: Asked): string {
  const found = new Map<unknown, string>(keys.map(({ reference, key }) => [reference, key.id]));
  const { id, name, environment } = caller.principal;
  return canonicalJson({
    form: 'claviger-approval-1',
    environment,
    region: caller.region,
    requester: { id, name },
    operation,
    // a key that was rotated since is not what was approved
    keys: keys.map(({ key, version }) => ({ id: key.id, createdAt: key.createdAt, version: version.number })),
    input: told(house, input, found),
  });
}

/** Names a statement: SHA-256 of its UTF-8 bytes, hexadecimal. */
export function digestOfStatement(statement: string): string {
  return sha256Hex(Buffer.from(statement, 'utf8'));
}
