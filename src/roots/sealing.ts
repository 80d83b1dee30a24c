import { openSecret, SecretBytes, sealSecret } from '#crypto';
import { ClavigerError, StopError } from '#domain';
import { asWrappedMaterial, type RootDescription, type RootOfTrust, type WrappedMaterial } from '#ports';

const rootBytes = 32;

/**
 * A root of trust whose root key is in this process's memory (read from a file, derived from a passphrase): it wraps by
 * AES-256-GCM under a key derived for each context.
 */
export function rootInMemory(key: SecretBytes, description: RootDescription): RootOfTrust {
  if (key.length !== rootBytes) throw new StopError('root-refused', 'The root key has a wrong length.');
  const salt = Buffer.from('claviger root', 'utf8');
  let isOpen = true;

  function requireOpen(): void {
    if (isOpen) return;
    throw new ClavigerError('root-unavailable', `The root of trust (${description.kind}) is closed.`);
  }

  return {
    describe: () => description,

    async wrap(secret, context) {
      requireOpen();
      using copy = SecretBytes.copyOf(secret);
      return asWrappedMaterial(sealSecret({ kek: key, salt, info: context }, copy));
    },

    async unwrap(wrapped: WrappedMaterial, context) {
      requireOpen();
      try {
        using opened = openSecret({ kek: key, salt, info: context }, wrapped);
        return opened.use((bytes) => Buffer.from(bytes));
      } catch (cause) {
        if (!(cause instanceof ClavigerError)) throw cause;
        throw new StopError(
          'root-refused',
          `The root of trust (${description.kind}) does not open this store: it is another one, or the store was changed.`,
          { cause },
        );
      }
    },

    async close() {
      isOpen = false;
      key[Symbol.dispose]();
    },
  };
}
