export { createFileRoot, openFileRoot } from './file/file-root.ts';
export {
  newPassphraseParameters,
  openPassphraseRoot,
  parsePassphraseParameters,
  type PassphraseParameters,
} from './passphrase/passphrase-root.ts';
