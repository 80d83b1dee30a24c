import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { ClavigerError, StopError } from '#domain';
import { constantTimeEqual, sha256Hex } from './digest.ts';
import { SecretBytes } from './secret-bytes.ts';
import { streamCommitment } from './sealed-stream.ts';

/** Who can help to open backups: a name and a public key on P-256, PEM (SubjectPublicKeyInfo). */
export type RecoveryHolder = { readonly name: string; readonly publicKey: string };

/** A holder's share of the key of one file: a compact JWE (ECDH-ES+A256KW, A256GCM) that only the holder opens. */
export type HolderShare = {
  readonly name: string;
  /** SHA-256 of the public key, hexadecimal. */
  readonly fingerprint: string;
  readonly share: string;
};

const curve = 'prime256v1';
const algorithms = { alg: 'ECDH-ES+A256KW', enc: 'A256GCM' } as const;

function fingerprintOf(key: KeyObject): string {
  return sha256Hex(key.export({ type: 'spki', format: 'der' }));
}

/** A holder's public key from PEM, and its fingerprint. Throws `input-invalid` for anything but a public key on P-256. */
export function readHolderKey(pem: string): { publicKey: string; fingerprint: string } {
  const refuse = (why: string) => new ClavigerError('input-invalid', `The key of a recovery holder ${why}.`);
  if (/PRIVATE KEY/.test(pem)) throw refuse('must be the public one; the private one stays with the holder');
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch {
    throw refuse('is not a public key in PEM');
  }
  if (key.asymmetricKeyType !== 'ec' || key.asymmetricKeyDetails?.namedCurve !== curve)
    throw refuse('must be on P-256');
  return {
    publicKey: key.export({ type: 'spki', format: 'pem' }) as string,
    fingerprint: fingerprintOf(key),
  };
}

/** A fresh key pair of a holder; the private half is PKCS#8 PEM, encrypted (AES-256-CBC, PBES2) where a passphrase is given. */
export function newHolderKeys(passphrase: Buffer | null): { privateKey: string; publicKey: string } {
  const pair = generateKeyPairSync('ec', { namedCurve: curve });
  const privateKey = pair.privateKey.export({
    type: 'pkcs8',
    format: 'pem',
    ...(passphrase ? { cipher: 'aes-256-cbc', passphrase } : {}),
  }) as string;
  return { privateKey, publicKey: pair.publicKey.export({ type: 'spki', format: 'pem' }) as string };
}

/** A holder's private key. Throws a StopError `root-refused` for a wrong passphrase, `input-invalid` for another kind of key. */
export function openHolderKey(pem: Uint8Array, passphrase: Buffer | null): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: Buffer.from(pem), ...(passphrase ? { passphrase } : {}) });
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    if (code === 'ERR_MISSING_PASSPHRASE')
      throw new ClavigerError('input-invalid', 'The key of the holder needs its passphrase.', { cause });
    if (passphrase)
      throw new StopError('root-refused', 'The key of the holder does not open: the passphrase is wrong.', {
        cause,
      });
    throw new ClavigerError('input-invalid', 'The key of the holder is not a private key in PEM.', { cause });
  }
  if (key.asymmetricKeyType !== 'ec' || key.asymmetricKeyDetails?.namedCurve !== curve)
    throw new ClavigerError('input-invalid', 'The key of a holder must be on P-256.');
  return key;
}

/** Splits the key of a file among the holders: so many of them as `threshold` says (at least 2) open it together. */
export async function splitToHolders(
  key: SecretBytes,
  file: string,
  { holders, threshold }: { holders: readonly RecoveryHolder[]; threshold: number },
): Promise<readonly HolderShare[]> {
  const [{ split }, { CompactEncrypt }] = await Promise.all([
    import('shamir-secret-sharing'),
    import('jose'),
  ]);
  // the library takes no Buffers
  const secret = key.use((bytes) => Uint8Array.from(bytes));
  const shares = await split(secret, holders.length, threshold);
  secret.fill(0);
  try {
    return await Promise.all(
      holders.map(async ({ name, publicKey }, index) => {
        const holderKey = createPublicKey(publicKey);
        const fingerprint = fingerprintOf(holderKey);
        const share = await new CompactEncrypt(shares[index] as Uint8Array)
          // the file's id is authenticated: a share of another file is told apart
          .setProtectedHeader({ ...algorithms, kid: fingerprint, cty: file })
          .encrypt(holderKey);
        return { name, fingerprint, share };
      }),
    );
  } finally {
    for (const share of shares) share.fill(0);
  }
}

/** The shares of a file and how many of them it needs, as its head says. */
export type SharedFile = {
  readonly id: string;
  readonly threshold: number;
  readonly shares: readonly HolderShare[];
  readonly commitment: string;
};

async function openShare(file: SharedFile, key: KeyObject): Promise<{ holder: string; bytes: Uint8Array }> {
  const { compactDecrypt } = await import('jose');
  const fingerprint = fingerprintOf(createPublicKey(key));
  const held = file.shares.find((share) => share.fingerprint === fingerprint);
  if (!held) {
    throw new ClavigerError(
      'key-mismatch',
      `A key that was given belongs to no holder of this file (holders: ${file.shares.map(({ name }) => name).join(', ')}).`,
    );
  }
  try {
    const { plaintext, protectedHeader } = await compactDecrypt(held.share, key, {
      keyManagementAlgorithms: [algorithms.alg],
      contentEncryptionAlgorithms: [algorithms.enc],
    });
    if (protectedHeader.cty === file.id) return { holder: held.name, bytes: plaintext };
    plaintext.fill(0);
  } catch (cause) {
    throw new StopError('integrity-failed', `The share of ${held.name} is damaged.`, { cause });
  }
  throw new StopError('integrity-failed', `The share of ${held.name} belongs to another file.`);
}

/** The key of a file from its holders' private keys. Throws `key-mismatch` for a stranger's key and for too few holders. */
export async function joinShares(file: SharedFile, keys: readonly KeyObject[]): Promise<SecretBytes> {
  const opened = new Map<string, Uint8Array>();
  try {
    for (const key of keys) {
      const { holder, bytes } = await openShare(file, key);
      opened.set(holder, bytes);
    }
    if (opened.size < file.threshold) {
      throw new ClavigerError(
        'key-mismatch',
        `This file needs the keys of ${file.threshold} holders; ${opened.size} came (${[...opened.keys()].join(', ') || 'none'}).`,
      );
    }
    const { combine } = await import('shamir-secret-sharing');
    const joined = SecretBytes.take(await combine([...opened.values()]));
    // too few or false shares combine to a false key without a word: the commitment tells
    const found = Buffer.from(streamCommitment(joined, Buffer.from(file.id)), 'hex');
    if (constantTimeEqual(found, Buffer.from(file.commitment, 'hex'))) return joined;
    joined[Symbol.dispose]();
    throw new StopError('integrity-failed', 'The shares of the holders do not make the key of this file.');
  } finally {
    for (const bytes of opened.values()) bytes.fill(0);
  }
}
