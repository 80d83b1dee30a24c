import { z } from 'zod';
import { approvedPassphraseKey, passphraseKey, randomBytes, type SecretBytes } from '#crypto';
import { ClavigerError } from '#domain';
import type { House } from '../house.ts';

const whole = z.number().int().min(1);

/** How the verifier of a password is derived; it stands in clear beside the verifier, which is sealed. */
export const passwordCosts = z.discriminatedUnion('kdf', [
  z.strictObject({
    kdf: z.literal('argon2id'),
    salt: z.string(),
    memoryKiB: whole,
    passes: whole,
    parallelism: whole,
  }),
  z.strictObject({ kdf: z.literal('pbkdf2-hmac-sha-512'), salt: z.string(), iterations: whole }),
]);
export type PasswordCosts = z.infer<typeof passwordCosts>;

/** Costs of a new password: Argon2id, or PBKDF2 where only approved algorithms are used. */
//= owasp password storage cheat sheet: Argon2id with 19 MiB and two passes, or 210,000 iterations of PBKDF2-HMAC-SHA512
export function newPasswordCosts(approvedOnly: boolean): PasswordCosts {
  const salt = Buffer.from(randomBytes(16)).toString('base64');
  if (approvedOnly) return { kdf: 'pbkdf2-hmac-sha-512', salt, iterations: 210_000 };
  return { kdf: 'argon2id', salt, memoryKiB: 19_456, passes: 2, parallelism: 1 };
}

const runningMax = 2;
const waitingMax = 32;

/** Who derives and who waits to: a bound on the memory and threads that strangers can ask for. */
class Turnstile {
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  /** Throws `busy` where too many wait. */
  async enter(): Promise<void> {
    if (this.#running < runningMax) {
      this.#running += 1;
      return;
    }
    if (this.#waiting.length >= waitingMax)
      throw new ClavigerError('busy', 'Too many passwords are being checked at the moment; try again.');
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  leave(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#running -= 1;
  }
}

const turnstiles = new WeakMap<House['documents'], Turnstile>();

function turnstileOf({ documents }: Pick<House, 'documents'>): Turnstile {
  const known = turnstiles.get(documents);
  if (known) return known;
  const turnstile = new Turnstile();
  turnstiles.set(documents, turnstile);
  return turnstile;
}

/** The verifier of a password: 32 bytes that the caller disposes. Runs beside the main thread; throws `busy` where too many wait. */
export async function passwordVerifier(
  house: Pick<House, 'documents'>,
  password: SecretBytes,
  costs: PasswordCosts,
): Promise<SecretBytes> {
  const turnstile = turnstileOf(house);
  await turnstile.enter();
  try {
    const salt = Buffer.from(costs.salt, 'base64');
    return costs.kdf === 'argon2id'
      ? await passphraseKey(password, { ...costs, salt })
      : await approvedPassphraseKey(password, { ...costs, salt });
  } finally {
    turnstile.leave();
  }
}
