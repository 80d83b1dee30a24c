import type { Fields } from '../../fields.ts';
import { VaultError } from '../../vault-error.ts';
import { kindOf, type KeyKind } from './key-types.ts';

/** What a request says of the key that it makes or brings. */
export type KeyWish = {
  readonly kind: KeyKind;
  readonly derivation?: { readonly convergent: boolean };
  readonly exportable: boolean;
  readonly plaintextBackup: boolean;
  /** Seconds between rotations; absent: it does not rotate by itself. */
  readonly rotationSeconds?: number;
};

function derivationOf(fields: Fields): KeyWish['derivation'] {
  const convergent = fields.flag('convergent_encryption') ?? false;
  const derived = fields.flag('derived') ?? false;
  if (convergent && !derived)
    throw new VaultError(400, 'convergent encryption requires derivation to be enabled');
  return derived ? { convergent } : undefined;
}

/** Reads it. Throws in Vault's words. */
export function readKeyWish(fields: Fields): KeyWish {
  const kind = kindOf(
    fields.text('type') ?? 'aes256-gcm96',
    fields.whole('key_size'),
    fields.text('parameter_set'),
  );
  const derivation = derivationOf(fields);
  const rotationSeconds = fields.seconds('auto_rotate_period') ?? 0;
  if (rotationSeconds !== 0 && rotationSeconds < 3600)
    throw new VaultError(400, 'auto rotate period must be 0 to disable or at least an hour');
  return {
    kind,
    ...(derivation ? { derivation } : {}),
    exportable: fields.flag('exportable') ?? false,
    plaintextBackup: fields.flag('allow_plaintext_backup') ?? false,
    ...(rotationSeconds === 0 ? {} : { rotationSeconds }),
  };
}
