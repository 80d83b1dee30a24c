import { createHash } from 'node:crypto';
import { algorithmsFor, ClavigerError, type AlgorithmName } from '#domain';
import type { KeyDevice } from '#ports';
import { openToken, type TokenClient } from './token-client.ts';
import { parsePkcs11Uri } from './uri.ts';

//= pkcs11 v2.40 mechanisms: the one that each algorithm needs
const mechanismOf: Readonly<Partial<Record<AlgorithmName, number>>> = {
  AES_GCM: 0x1087,
  RSA_OAEP_SHA_1: 0x9,
  RSA_OAEP_SHA_256: 0x9,
  RSA_PSS_SHA_256: 0xd,
  RSA_PSS_SHA_384: 0xd,
  RSA_PSS_SHA_512: 0xd,
  RSA_PKCS1_SHA_256: 0x1,
  RSA_PKCS1_SHA_384: 0x1,
  RSA_PKCS1_SHA_512: 0x1,
  ECDSA_SHA_256: 0x1041,
  ECDSA_SHA_384: 0x1041,
  ECDSA_SHA_512: 0x1041,
};
const specs: ReadonlySet<string> = new Set([
  'AES_128',
  'AES_256',
  'RSA_2048',
  'RSA_3072',
  'RSA_4096',
  'EC_P256',
  'EC_P384',
  'EC_P521',
]);

/** A PKCS #11 token as the home of keys. Rejects with `root-unavailable` where it does not answer, and a StopError for a wrong PIN. */
export async function openPkcs11Device(uri: string): Promise<KeyDevice> {
  const token = openToken(parsePkcs11Uri(uri));
  try {
    await token.probe();
    await token.call('anchor', { label: 'claviger device' });
  } catch (error) {
    await token.close();
    throw error;
  }
  return deviceIn(token);
}

function deviceIn(token: TokenClient): KeyDevice {
  const { place } = token;
  const id = `cks-${createHash('sha256')
    .update(`${place.token}\0${place.serial ?? ''}`)
    .digest('hex')
    .slice(0, 17)}`;
  const oaep = new Map<AlgorithmName, boolean>();
  let known: ReadonlySet<number> | null = null;

  async function can(algorithm: AlgorithmName): Promise<boolean> {
    known ??= new Set(await token.call('mechanisms', null));
    const mechanism = mechanismOf[algorithm];
    if (mechanism === undefined || !known.has(mechanism)) return false;
    if (!algorithm.startsWith('RSA_OAEP')) return true;
    // a token names the mechanism but not the hashes that it takes with it
    const before = oaep.get(algorithm);
    if (before !== undefined) return before;
    const answer = await token.call('knowsOaep', { algorithm });
    oaep.set(algorithm, answer);
    return answer;
  }

  return {
    describe: () => ({ id, kind: 'pkcs11', where: `token ${place.token}` }),
    async algorithms(spec, usage) {
      if (!specs.has(spec)) return [];
      const found: AlgorithmName[] = [];
      for (const algorithm of algorithmsFor(spec, usage)) if (await can(algorithm)) found.push(algorithm);
      return found;
    },
    generate: (label, spec, usage) => token.call('generateKey', { label, spec, signs: usage === 'sign' }),
    encrypt: (use, plaintext, aad) => token.call('encryptBytes', { ...use, bytes: plaintext, aad }),
    async decrypt(use, ciphertext, aad) {
      const opened = await token.call('decryptBytes', { ...use, bytes: ciphertext, aad });
      if (opened) return opened;
      throw new ClavigerError('ciphertext-invalid', 'The ciphertext does not open under this key.');
    },
    sign: (use, digest) => token.call('signDigest', { ...use, digest }),
    destroy: (label) => token.call('destroyKey', { label }),
    labels: (prefix) => token.call('listLabels', { prefix }),
    probe: () => token.probe(),
    close: () => token.close(),
  };
}
