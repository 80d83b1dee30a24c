import { argon2 } from 'node:crypto';
import { promisify } from 'node:util';
import { ClavigerError } from '#domain';
import { SecretBytes } from './secret-bytes.ts';

/** Cost of argon2id: RFC 9106 section 4, the second recommended option. */
export const passphraseDefaults = Object.freeze({ memoryKiB: 65_536, passes: 3, parallelism: 4 });

export type PassphraseCost = {
  readonly salt: Uint8Array;
  readonly memoryKiB: number;
  readonly passes: number;
  readonly parallelism: number;
};

const derive = promisify(argon2);

function requireBounds({ salt, memoryKiB, passes, parallelism }: PassphraseCost): void {
  const good =
    salt.length >= 16 &&
    memoryKiB >= 8192 &&
    memoryKiB <= 4_194_304 &&
    passes >= 1 &&
    passes <= 64 &&
    parallelism <= 64;
  if (!good) throw new ClavigerError('configuration-invalid', 'The cost of the passphrase is out of bounds.');
}

/** A key of 32 bytes from a passphrase, by argon2id (RFC 9106). */
export async function passphraseKey(passphrase: SecretBytes, cost: PassphraseCost): Promise<SecretBytes> {
  requireBounds(cost);
  const message = passphrase.use((bytes) => Buffer.from(bytes));
  try {
    const key = await derive('argon2id', {
      message,
      nonce: cost.salt,
      parallelism: cost.parallelism,
      tagLength: 32,
      memory: cost.memoryKiB,
      passes: cost.passes,
    });
    return SecretBytes.take(key as Buffer);
  } finally {
    message.fill(0);
  }
}
