import { z } from 'zod';
import { jwtAlgorithms, readPublicPem } from '#access';
import { ClavigerError } from '#domain';
import { refuse, requireSettings, tokenSettings, usualSettings, word } from '../token-settings.ts';

const text = z.string().max(2048);
const pem = z.string().max(65_536);

export const jwtConfigShape = z.strictObject({
  method: z.literal('jwt'),
  jwksUrl: text,
  jwksCaPem: pem,
  validationPubkeys: z.array(pem).max(50),
  discoveryUrl: text,
  discoveryCaPem: pem,
  boundIssuer: text,
  supportedAlgs: z.array(z.enum(jwtAlgorithms)).max(jwtAlgorithms.length),
  defaultRole: z.string().max(256),
});
/** By which keys tokens are verified. */
export type JwtConfig = z.infer<typeof jwtConfigShape>;

export const usualJwtConfig: JwtConfig = Object.freeze({
  method: 'jwt',
  jwksUrl: '',
  jwksCaPem: '',
  validationPubkeys: [],
  discoveryUrl: '',
  discoveryCaPem: '',
  boundIssuer: '',
  supportedAlgs: [],
  defaultRole: '',
});

const scalar = z.union([z.string().max(2048), z.number(), z.boolean()]);
const leeway = z.number().int().min(-31_536_000).max(31_536_000);

export const jwtRoleShape = z.strictObject({
  method: z.literal('jwt'),
  name: z.string(),
  boundAudiences: z.array(text).max(200),
  boundSubject: text,
  boundClaims: z.record(z.string().max(512), z.array(scalar).max(200)),
  boundClaimsType: z.enum(['string', 'glob']),
  /** From claims to names of metadata. */
  claimMappings: z.record(z.string().max(512), word),
  userClaim: z.string().max(512),
  userClaimJsonPointer: z.boolean(),
  groupsClaim: z.string().max(512),
  /** Seconds; 0 is 60, less is none. */
  clockSkewLeeway: leeway,
  /** Seconds; 0 is 150, less is none. */
  expirationLeeway: leeway,
  notBeforeLeeway: leeway,
  settings: tokenSettings,
});
/** Which tokens are taken, and for whom. */
export type JwtRole = z.infer<typeof jwtRoleShape>;

export const usualJwtRole: Omit<JwtRole, 'name'> = Object.freeze({
  method: 'jwt',
  boundAudiences: [],
  boundSubject: '',
  boundClaims: {},
  boundClaimsType: 'string',
  claimMappings: {},
  userClaim: '',
  userClaimJsonPointer: false,
  groupsClaim: '',
  clockSkewLeeway: 0,
  expirationLeeway: 0,
  notBeforeLeeway: 0,
  settings: usualSettings,
});

/** Throws `input-invalid` for a role that would take any token, or says nobody. */
export function requireJwtRole(role: JwtRole): void {
  requireSettings(role.settings);
  if (role.userClaim === '') throw refuse('a user claim must be defined on the role', 'user_claim');
  const isBound =
    role.boundAudiences.length > 0 ||
    role.boundSubject !== '' ||
    Object.keys(role.boundClaims).length > 0 ||
    role.settings.tokenBoundCidrs.length > 0;
  if (!isBound) throw refuse('must have at least one bound constraint when creating/updating a role');
  if (Object.values(role.claimMappings).includes('role'))
    throw refuse('metadata key "role" is reserved and may not be a mapping destination', 'claim_mappings');
  const targets = Object.values(role.claimMappings);
  if (new Set(targets).size !== targets.length)
    throw refuse('multiple keys are mapped to the same metadata key', 'claim_mappings');
  if (
    role.boundClaimsType === 'glob' &&
    Object.values(role.boundClaims)
      .flat()
      .some((each) => typeof each !== 'string')
  )
    throw refuse('claim is not a string or list of strings, which globs are', 'bound_claims');
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** An address of another server that may be asked: `https:`, or on the machine itself. Throws `input-invalid`. */
export function requireSafeUrl(address: string, field: string): URL {
  let url: URL;
  try {
    url = new URL(address);
  } catch (cause) {
    throw new ClavigerError('input-invalid', `${field} is no URL`, { cause, details: { field } });
  }
  if (url.username !== '' || url.password !== '') throw refuse(`${field} must hold no credentials`, field);
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))) return url;
  throw refuse(`${field} must begin with https:// (http:// is for this machine itself)`, field);
}

/** Throws `input-invalid` unless exactly one source of keys is named, and it is one. */
export function requireJwtConfig(config: JwtConfig): void {
  const sources = [config.jwksUrl !== '', config.discoveryUrl !== '', config.validationPubkeys.length > 0];
  if (sources.filter(Boolean).length !== 1)
    throw refuse("exactly one of 'jwt_validation_pubkeys', 'jwks_url' or 'oidc_discovery_url' must be set");
  if (config.jwksUrl !== '') requireSafeUrl(config.jwksUrl, 'jwks_url');
  if (config.discoveryUrl !== '') requireSafeUrl(config.discoveryUrl, 'oidc_discovery_url');
  config.validationPubkeys.forEach(readPublicPem);
}
