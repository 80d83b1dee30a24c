export { openKmsRoot } from './external-kms/kms-root.ts';
export { parseKmsPlace } from './external-kms/place.ts';
export { createFileRoot, openFileRoot } from './file/file-root.ts';
export {
  newPassphraseParameters,
  openPassphraseRoot,
  parsePassphraseParameters,
  type PassphraseParameters,
} from './passphrase/passphrase-root.ts';
export { gatherShares, shareOf, type ShareGathering } from './shamir/gathering.ts';
export {
  newShareSet,
  openShamirRoot,
  parseShamirParameters,
  type ShamirParameters,
  type ShareSet,
} from './shamir/shamir-root.ts';
export { openPkcs11Root, type RootChoice } from './pkcs11/pkcs11-root.ts';
export { openPkcs11Device } from './pkcs11/pkcs11-device.ts';
