export { open, seal, sealOverhead } from './aead.ts';
export { agree } from './agreement.ts';
export { sealConvergent } from './convergent.ts';
export {
  companionMacMaterial,
  companionMacSecret,
  type ConvergentMaterial,
  convergentMaterial,
  derivedMaterial,
  hkdf256,
} from './derived-material.ts';
export { constantTimeEqual, digestOf, sha256, sha256Hex } from './digest.ts';
export { type EnvelopeKey, openSecret, sealGeneration, sealSecret } from './envelope.ts';
export { fingerprintKey, keyedFingerprint } from './fingerprint.ts';
export { deriveKey } from './kdf.ts';
export { decapsulate, type Encapsulated, encapsulate } from './kem.ts';
export { openKeyBlock, readKeyBlockHeader, sealKeyBlock } from './key-block.ts';
export type { KeyBlockHeader, OptionalBlock } from './key-block-header.ts';
export { type HashName, hashNames } from './hashes.ts';
export type { DerivationInput } from './key-derivation.ts';
export {
  ed25519Expanded,
  ed25519FromExpanded,
  type PrivateKeyForm,
  privateKeyDer,
  privateKeyPem,
  publicKeyPem,
  rawPublicKeyOf,
  type ReadPrivateKey,
  readPrivateKey,
} from './key-encodings.ts';
export { type KeyNumbers, privateKeyJwk, readKeyNumbers } from './key-numbers.ts';
export type { Holds, KeyMaterial } from './key-handle.ts';
export { unwrapKey, wrapKey } from './key-wrap.ts';
export { hmacWith, mac, verifyHmacWith, verifyMac } from './mac.ts';
export {
  type GeneratedMaterial,
  generateMaterial,
  openMaterial,
  openPublicKey,
  publicKeyOf,
} from './material.ts';
export {
  approvedPassphraseKey,
  type PassphraseCosts,
  pbkdf2Bounds,
  pbkdf2Defaults,
  type PassphraseParameters,
  passphraseBounds,
  passphraseDefaults,
  passphraseKey,
} from './passphrase.ts';
export { fillNonce, newId, randomBytes, randomNonce } from './random.ts';
export {
  joinShares,
  newHolderKeys,
  openHolderKey,
  readHolderKey,
  type HolderShare,
  type RecoveryHolder,
  splitToHolders,
} from './recovery-shares.ts';
export {
  decryptRsa,
  decryptRsaWith,
  encryptRsa,
  encryptRsaWith,
  oaepPlaintextMax,
  type RsaEncryptionChoice,
} from './rsa-encryption.ts';
export { SecretBytes } from './secret-bytes.ts';
export { isScheme, isSetId, readShare, type Share, writeShare } from './share-text.ts';
export { combineShares, requireScheme, type ShareScheme, splitSecret } from './shares.ts';
export { signedHeaders, signingKey } from './sigv4-key.ts';
export { openStream, sealedChunkBytes, sealStream, streamCommitment } from './sealed-stream.ts';
export { messageForms, sign, verify } from './signature.ts';
export { type SignatureChoice, signWith, verifyWith } from './signature-choice.ts';
export type { MessageForm } from './signature-shape.ts';
export {
  type ExportWrap,
  exportWraps,
  type TransportSpec,
  type TransportWrap,
  transportSpecs,
  transportWraps,
  unwrapRsaAes,
  unwrapTransported,
  wrapForTransport,
  wrapRsaAes,
} from './transport.ts';
export { weaknessOf } from './weak-keys.ts';
