export { createAuthenticator, type Authenticator } from './authenticate/authenticator.ts';
export type { Authenticated, CredentialSource } from './authenticate/found.ts';
export {
  isKeySet,
  type JwtAlgorithm,
  jwtAlgorithms,
  type JwtClaims,
  type JwtKeys,
  type JwtResult,
  readPublicPem,
  verifyJwt,
} from './authenticate/jwt.ts';
export { CertificateError } from './certificates/certificate-error.ts';
export {
  type Certificate,
  extensionText,
  readCertificate,
  readCertificates,
} from './certificates/read-certificate.ts';
export { readRevocationList, type RevocationList } from './certificates/revocation-list.ts';
export { faultOfLeaf, newVerifications, pathsTo } from './certificates/verify-path.ts';
export { headerOf } from './authenticate/raw-headers.ts';
export type { SignedRequest } from './authenticate/sigv4.ts';
export { newAccessKey, newServiceToken, newToken, tokenId } from './authenticate/token.ts';
export { type AccessRequest, type AccessScope, decide, type Decision } from './authorize/decide.ts';
export { compilePolicy, locksOut, type CompiledPolicy } from './authorize/key-policy/compile.ts';
export {
  awsAlgorithmName,
  awsAlgorithms,
  awsSpecName,
  awsSpecs,
  awsUsageName,
  awsUsages,
} from './authorize/key-policy/aws-words.ts';
export type { ConditionValues } from './authorize/key-policy/condition.ts';
export { defaultPolicy, parsePolicy, type Policy } from './authorize/key-policy/policy.ts';
export { type Permission, permissions } from './authorize/permissions.ts';
export {
  type AclAnswer,
  type AclRequest,
  compileAcl,
  type CompiledAcl,
  rootAcl,
} from './authorize/acl-policy/compile.ts';
export { defaultPolicyText } from './authorize/acl-policy/default-policy.ts';
export { secondsOfUnits } from './authorize/acl-policy/duration.ts';
export {
  type AclPolicy,
  type AclRule,
  type Capability,
  capabilities,
  parseAclPolicy,
} from './authorize/acl-policy/policy.ts';
export type { AclSubject } from './authorize/acl-policy/template.ts';
