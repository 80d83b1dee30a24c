import { createPrivateKey, type KeyObject } from 'node:crypto';
import { CliError, exitCodes } from '../exit.ts';

/** Key material as the server takes it; the caller wipes `bytes`. */
export type FoundMaterial = {
  /** Raw bytes of a secret key, PKCS#8 DER of a private key. */
  readonly bytes: Buffer;
  readonly spec: string;
  readonly isSecret: boolean;
};

/** One of several keys of a file: opened only where it is the one that was asked for. */
export type Entry<T> = { readonly name: string; readonly open: () => T };

export function refused(why: string, next: string | null = null): CliError {
  return new CliError(exitCodes.usage, why, next);
}

/** The one key of a file, or the one of several that `--entry` names. */
export function chooseEntry<T>(entries: readonly Entry<T>[], wanted: string | null): T {
  const names = entries.map(({ name }) => JSON.stringify(name)).join(', ');
  const matching = wanted === null ? entries : entries.filter(({ name }) => name === wanted);
  const [first] = matching;
  if (first === undefined && entries.length === 0) throw refused('The file holds no private key.');
  if (first === undefined)
    throw refused(`The file has no key ${JSON.stringify(wanted)}.`, `it has --entry ${names}`);
  if (matching.length > 1)
    throw refused(
      wanted === null ? 'The file holds several keys.' : 'Several keys of the file have that name.',
      wanted === null ? `choose with --entry: ${names}` : 'put the one to import into a file of its own',
    );
  return first.open();
}

const curveSpecs: Readonly<Record<string, string>> = {
  prime256v1: 'EC_P256',
  secp384r1: 'EC_P384',
  secp521r1: 'EC_P521',
  secp256k1: 'EC_SECP256K1',
};

/** The spec of a private key. */
function specOf(key: KeyObject): string {
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'ed25519') return 'ED25519';
  const spec =
    key.asymmetricKeyType === 'rsa' ? `RSA_${modulusLength}` : (curveSpecs[namedCurve ?? ''] ?? '');
  if (/^(EC_|RSA_(2048|3072|4096)$)/.test(spec)) return spec;
  throw refused(
    `A private key of type ${key.asymmetricKeyType} ${namedCurve ?? modulusLength ?? ''} is not taken.`,
    'import RSA of 2048, 3072 or 4096 bits, EC on P-256, P-384, P-521 or secp256k1, or Ed25519',
  );
}

export function fromPrivateKey(key: KeyObject): FoundMaterial {
  return { bytes: key.export({ format: 'der', type: 'pkcs8' }), spec: specOf(key), isSecret: false };
}

/** Iterations of a passphrase's derivation that a file may ask for: some seconds of work. */
const iterationsMax = 10_000_000;

export function requireIterations(iterations: number): void {
  if (iterations <= iterationsMax) return;
  throw refused(
    `The file asks for more than ${iterationsMax} iterations to derive a key from its passphrase.`,
  );
}

/** Opens PKCS#8, encrypted where there is a passphrase. */
export function openPkcs8(der: Buffer, passphrase: Buffer | null): FoundMaterial {
  const secret = passphrase === null ? {} : { passphrase };
  return fromPrivateKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8', ...secret }));
}
