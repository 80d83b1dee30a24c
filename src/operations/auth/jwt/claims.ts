import type { JwtClaims } from '#access';
import type { Instant } from '#domain';
import { matchesGlob } from '../glob.ts';
import type { JwtRole } from './settings.ts';

/** The claims are not what a role wants; the message may be told, for the signature was right. */
export class ClaimError extends Error {}

/** A claim by its name, or by a JSON pointer (RFC 6901) where the name begins with a slash; undefined: there is none. */
export function claimAt(claims: JwtClaims, name: string): unknown {
  if (!name.startsWith('/')) return Object.hasOwn(claims, name) ? claims[name] : undefined;
  let value: unknown = claims;
  for (const raw of name.slice(1).split('/')) {
    const step = raw.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[step];
  }
  return value;
}

function textsOf(value: unknown): readonly string[] | null {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value) && value.every((each) => typeof each === 'string')) return value as string[];
  return null;
}

function timeOf(claims: JwtClaims, name: 'exp' | 'nbf' | 'iat'): number | null {
  const value = claimAt(claims, name);
  if (value === undefined || value === null) return null;
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0)
    throw new ClaimError(`the ${name} claim is no time`);
  return value;
}

/** Seconds as a role says them: 0 is what is usual, less is none. */
function leeway(seconds: number, usual: number): number {
  if (seconds === 0) return usual;
  return Math.max(seconds, 0);
}

//= vault: a token without an end, or without a beginning, gets one from the times that it has
/** Throws where a token is not valid at this time. */
export function requireInTime(claims: JwtClaims, role: JwtRole, now: Instant): void {
  const [exp, nbf, iat] = [timeOf(claims, 'exp'), timeOf(claims, 'nbf'), timeOf(claims, 'iat')];
  if (exp === null && nbf === null && iat === null)
    throw new ClaimError('no issued at (iat), not before (nbf), or expiration time (exp) claims in token');
  const skew = leeway(role.clockSkewLeeway, 60);
  const end = exp ?? Math.max(iat ?? 0, nbf ?? 0) + leeway(role.expirationLeeway, 150);
  const begin = nbf ?? iat ?? end - leeway(role.notBeforeLeeway, 150);
  const seconds = now / 1000;
  if (seconds >= end + skew) throw new ClaimError('invalid expiration time (exp) claim: token is expired');
  if (seconds < begin - skew) throw new ClaimError('invalid not before (nbf) claim: token not yet valid');
  if (iat !== null && seconds < iat - skew)
    throw new ClaimError('invalid issued at (iat) claim: token is from the future');
}

/** Throws where a token was not made by the issuer that is wanted. */
export function requireIssuer(claims: JwtClaims, issuer: string): void {
  if (issuer !== '' && claimAt(claims, 'iss') !== issuer) throw new ClaimError('invalid issuer (iss) claim');
}

/** Throws where a token was not made for one of the audiences of the role, or names some and the role none. */
export function requireAudience(claims: JwtClaims, bound: readonly string[]): void {
  const value = claimAt(claims, 'aud');
  const audiences = value === undefined || value === null ? [] : textsOf(value);
  if (audiences === null)
    throw new ClaimError('invalid audience (aud) claim: it is neither a string nor a list of them');
  if (bound.length === 0 && audiences.length > 0)
    throw new ClaimError(
      'invalid audience (aud) claim: audience claim found in JWT but no audiences bound to the role',
    );
  if (bound.length > 0 && !audiences.some((each) => bound.includes(each)))
    throw new ClaimError('invalid audience (aud) claim: audience claim does not match any bound audience');
}

/** Throws where a token is not for the subject of the role. */
export function requireSubject(claims: JwtClaims, bound: string): void {
  if (bound !== '' && claimAt(claims, 'sub') !== bound)
    throw new ClaimError('invalid subject (sub) claim: subject claim does not match the bound subject');
}

/** Throws where one of the claims that a role wants is not there, or has none of the values that it may have. */
export function requireBoundClaims(claims: JwtClaims, role: JwtRole): void {
  for (const [name, wanted] of Object.entries(role.boundClaims)) {
    const value = claimAt(claims, name);
    if (value === undefined || value === null)
      throw new ClaimError(`claim ${JSON.stringify(name)} is missing`);
    const found: readonly unknown[] = Array.isArray(value) ? value : [value];
    const isGlob = role.boundClaimsType === 'glob';
    const isMatch = found.some((each) =>
      wanted.some((want) =>
        isGlob ? typeof each === 'string' && matchesGlob(String(want), each) : each === want,
      ),
    );
    if (!isMatch)
      throw new ClaimError(`claim ${JSON.stringify(name)} does not match any associated bound claim values`);
  }
}

const userMax = 512;

/** The claim that says who it is. */
export function userOf(claims: JwtClaims, role: JwtRole): string {
  const value = role.userClaimJsonPointer
    ? claimAt(claims, role.userClaim)
    : Object.hasOwn(claims, role.userClaim)
      ? claims[role.userClaim]
      : undefined;
  if (value === undefined || value === null)
    throw new ClaimError(`claim ${JSON.stringify(role.userClaim)} not found in token`);
  if (typeof value !== 'string' || value === '')
    throw new ClaimError(`claim ${JSON.stringify(role.userClaim)} could not be converted to string`);
  // a control character would end up in names and logs
  // oxlint-disable-next-line no-control-regex
  if (value.length > userMax || !value.isWellFormed() || /[\u0000-\u001f\u007f]/.test(value))
    throw new ClaimError(
      `claim ${JSON.stringify(role.userClaim)} is too long or holds characters that no name has`,
    );
  return value;
}

const metaMax = 4096;

/** Claims that go with the token as its metadata; those that are not there are left out. */
export function metadataOf(claims: JwtClaims, role: JwtRole): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const [name, target] of Object.entries(role.claimMappings)) {
    const value = claimAt(claims, name);
    if (value === undefined || value === null) continue;
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
      throw new ClaimError(`error converting claim ${JSON.stringify(name)} to string`);
    if (String(value).length > metaMax) throw new ClaimError(`claim ${JSON.stringify(name)} is too long`);
    found[target] = String(value);
  }
  return found;
}

/** Groups that one token names at most. */
const groupsMax = 1000;
const groupNameMax = 512;

/** The groups that a token names; none where the role asks for none. Throws where it wants a list and the token has none. */
export function groupsOf(claims: JwtClaims, { groupsClaim }: JwtRole): readonly string[] {
  if (groupsClaim === '') return [];
  const value = claimAt(claims, groupsClaim);
  if (value === undefined || value === null)
    throw new ClaimError(`${JSON.stringify(groupsClaim)} claim not found in token`);
  const groups = textsOf(value);
  if (groups === null)
    throw new ClaimError(`${JSON.stringify(groupsClaim)} claim could not be converted to string list`);
  if (groups.length > groupsMax)
    throw new ClaimError(`${JSON.stringify(groupsClaim)} claim names more than ${groupsMax} groups`);
  if (groups.some((group) => group.length > groupNameMax || !group.isWellFormed()))
    throw new ClaimError(`${JSON.stringify(groupsClaim)} claim names a group that no group can be called`);
  return groups.filter((group) => group !== '');
}
