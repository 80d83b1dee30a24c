export { bundleFiles, manifestFile, type Piece, signaturesFile } from './bundle.ts';
export { type EvidenceSource, makeEvidence } from './make.ts';
export { type BundleSource, type EvidenceFinding, type EvidenceVerdict, verifyEvidence } from './verify.ts';
