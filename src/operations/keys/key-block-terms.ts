import type { KeyBlockHeader } from '#crypto';
import { ClavigerError, factsOf, type Key, type KeyFamily, type KeySpec, type KeyUsage } from '#domain';

/** How key blocks say what a key is for. */
type Terms = { readonly usage: string; readonly algorithm: string; readonly modes: readonly string[] };

//= x9.143 table 2 (usage), table 3 (algorithm), table 4 (mode of use); the first mode is the one that is written
const terms: Readonly<Partial<Record<KeyFamily, Readonly<Partial<Record<KeyUsage, Terms>>>>>> = Object.freeze(
  {
    aes: {
      encrypt: { usage: 'D0', algorithm: 'A', modes: ['B', 'N'] },
      wrap: { usage: 'K0', algorithm: 'A', modes: ['B', 'N'] },
      mac: { usage: 'M6', algorithm: 'A', modes: ['C', 'N'] },
    },
    hmac: { mac: { usage: 'M7', algorithm: 'H', modes: ['C', 'N'] } },
  },
);

//= x9.143 table 12: the hash of an HMAC key, optional block HM
const hashes: Readonly<Partial<Record<KeySpec, string>>> = Object.freeze({
  HMAC_224: '20',
  HMAC_256: '21',
  HMAC_384: '22',
  HMAC_512: '23',
});

type Described = Pick<Key, 'id' | 'spec' | 'usage' | 'exportable'>;

function termsOf({ spec, usage }: Described): Terms {
  const found = terms[factsOf(spec).family]?.[usage];
  //= x9.143 6.3.6: the hash of an HMAC key is said; there is no number for keys that have none of their own
  if (found && (factsOf(spec).family !== 'hmac' || hashes[spec])) return found;
  throw new ClavigerError(
    'operation-unsupported',
    `A key of spec ${spec} that is for ${usage} has no place in a key block: AES and HMAC keys have.`,
  );
}

/** The header of the block in which a key leaves. Throws `operation-unsupported` for what blocks have no words for. */
export function headerOf(
  key: Described,
  version: number,
  exportability: KeyBlockHeader['exportability'],
): KeyBlockHeader {
  const { usage, algorithm, modes } = termsOf(key);
  const hash = hashes[key.spec];
  return {
    version: 'D',
    usage,
    algorithm,
    modeOfUse: modes[0] ?? 'N',
    keyVersion: version < 100 ? String(version).padStart(2, '0') : '00',
    exportability,
    optionalBlocks: hash === undefined ? [] : [{ id: 'HM', data: hash }],
  };
}

/**
 * Refuses, as `material-unsuitable`, a block that says anything else of its key than what the key is for here: it must not be used
 * more widely, or leave again, than who sealed the block allows.
 */
export function requireHeaderFits(header: KeyBlockHeader, key: Described): void {
  const { usage, algorithm, modes } = termsOf(key);
  if (header.usage !== usage || header.algorithm !== algorithm)
    throw unsuitable(
      `its block is for usage ${header.usage} and algorithm ${header.algorithm}, the key is for ${usage} and ${algorithm}`,
    );
  //= x9.143 table 5: a version that begins with c is that of a component, which is not the key
  if (header.keyVersion.startsWith('c')) throw unsuitable('its block holds a component of a key');
  if (!modes.includes(header.modeOfUse))
    throw unsuitable(`its block allows mode of use ${header.modeOfUse} only`);
  if (header.exportability === 'N' && key.exportable)
    throw unsuitable('its block forbids that it leaves again, and the key is exportable');
  const hash = header.optionalBlocks.find(({ id }) => id === 'HM')?.data;
  if (hash !== undefined && hash !== hashes[key.spec])
    throw unsuitable('its block is for another hash algorithm');
}

function unsuitable(why: string): ClavigerError {
  return new ClavigerError('material-unsuitable', `The key material can not be taken: ${why}.`);
}
