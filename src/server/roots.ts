import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { SecretBytes } from '#crypto';
import { ClavigerError, StopError } from '#domain';
import { currentRootSetting, parseCurrentRoot } from '#operations';
import type { RootOfTrust, Store } from '#ports';
import {
  createFileRoot,
  newPassphraseParameters,
  openFileRoot,
  openKmsRoot,
  openPassphraseRoot,
  openPkcs11Root,
  parseKmsPlace,
  parsePassphraseParameters,
  type PassphraseParameters,
} from '#roots';
import type { Config } from './config.ts';
import { currentParameters } from './shamir/parameters.ts';

/** The root whose key is in its custodians' shares (`shamir/`). */
export const shamirRoot = 'shamir:';

const parametersSetting = 'passphrase-parameters';

/**
 * Opens the configured root of trust. A root is made only for a store that holds nothing: for any other one a missing
 * root is an error, never a reason to make a second root.
 */
export async function openRoot(config: Config, store: Store): Promise<RootOfTrust> {
  const isEmpty = (await store.environments()).length === 0;
  if (isEmpty && config.root !== shamirRoot && (await currentParameters(store))) {
    throw new StopError(
      'root-refused',
      'The root key of this store is in shares (CLAVIGER_ROOT=shamir:), though nothing is under it yet: no other root is made.',
    );
  }
  if (config.root.startsWith('file:')) return openFile(config.root.slice('file:'.length), isEmpty);
  const file = passphraseFileOf(config.root, config.passphraseFile);
  if (file !== undefined) return openPassphrase(file, config.fips, store);
  if (config.root.startsWith('aws-kms:'))
    return openKmsRoot(parseKmsPlace(config.root.slice('aws-kms:'.length)), config.rootCredentialsFile);
  if (config.root.startsWith('pkcs11:')) {
    const claimId = (id: string) => store.claimSetting('pkcs11-root-id', id);
    return openPkcs11Root(config.root, { mayCreate: isEmpty, claimId });
  }
  if (config.root === shamirRoot) {
    throw new ClavigerError(
      'sealed',
      isEmpty
        ? 'There are no shares yet. Run: claviger init --shares 5 --threshold 3'
        : 'The root key is in the shares of its custodians, and only a server can take them. Run: claviger serve',
    );
  }
  throw new ClavigerError(
    'configuration-invalid',
    `The root of trust ${config.root.split(':')[0]}: is not known; use file:PATH, passphrase:, shamir:, pkcs11:token=... or aws-kms:ARN`,
  );
}

async function openFile(file: string, isEmpty: boolean): Promise<RootOfTrust> {
  if (isEmpty && !(await exists(file))) {
    try {
      await createFileRoot(file);
    } catch (error) {
      // another process of the same first start was quicker
      if (!(await exists(file))) throw error;
    }
  }
  return openFileRoot(file);
}

async function exists(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return false;
    throw new ClavigerError('root-unavailable', `The root key file ${file} can't be looked for.`, { cause });
  }
}

/** The file that a `passphrase:` or `passphrase:?file=PATH` root is opened from; undefined: the root is of another kind. */
export function passphraseFileOf(root: string, configured: string | null): string | null | undefined {
  if (root === 'passphrase:') return configured;
  return root.startsWith('passphrase:?file=') ? root.slice('passphrase:?file='.length) || null : undefined;
}

async function openPassphrase(
  file: string | null,
  approvedOnly: boolean,
  store: Store,
): Promise<RootOfTrust> {
  const said = await store.setting(currentRootSetting);
  const known =
    (said === null ? null : parseCurrentRoot(said).parameters) ?? (await store.setting(parametersSetting));
  const parameters =
    known ??
    (await store.claimSetting(parametersSetting, JSON.stringify(newPassphraseParameters(approvedOnly))));
  return openWithPassphrase(file, parsePassphraseParameters(parameters));
}

/** The root that the passphrase in a file opens, derived by these parameters. */
export async function openWithPassphrase(
  file: string | null,
  parameters: PassphraseParameters,
): Promise<RootOfTrust> {
  if (file === null) {
    throw new StopError(
      'root-refused',
      'A passphrase: root needs CLAVIGER_PASSPHRASE_FILE, a file of mode 0600 (or a file descriptor path).',
    );
  }
  using passphrase = await readPassphrase(file);
  // awaited, so that the passphrase is not wiped while the key is derived from it
  return await openPassphraseRoot(passphrase, parameters);
}

/** systemd hands credentials over in a folder that is the service's alone; there the group's bits only mask an access list. */
function isServiceCredential(file: string): boolean {
  const folder = process.env['CREDENTIALS_DIRECTORY'];
  return folder !== undefined && path.dirname(path.resolve(file)) === path.resolve(folder);
}

async function readPassphrase(file: string): Promise<SecretBytes> {
  let text: Buffer;
  try {
    const facts = await stat(file);
    const others = isServiceCredential(file) ? 0o037 : 0o077;
    if (facts.isFile() && process.platform !== 'win32' && (facts.mode & others) !== 0) {
      throw new StopError(
        'root-refused',
        `Others can read the passphrase file ${file}: run chmod 600 on it.`,
      );
    }
    text = await readFile(file);
  } catch (cause) {
    if (cause instanceof StopError) throw cause;
    throw new ClavigerError('root-unavailable', `The passphrase file ${file} can't be read.`, { cause });
  }
  let end = text.length;
  while (end > 0 && (text[end - 1] === 10 || text[end - 1] === 13)) end -= 1;
  try {
    if (end < 12) throw new StopError('root-refused', 'The passphrase must have at least 12 characters.');
    return SecretBytes.copyOf(text.subarray(0, end));
  } finally {
    text.fill(0);
  }
}
