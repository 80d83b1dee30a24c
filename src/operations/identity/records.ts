import { z } from 'zod';
import { sha256Hex } from '#crypto';
import { ClavigerError } from '#domain';
import { defineCollection } from '../documents.ts';
import { rootPolicy } from '../policies/policies.ts';

const identifier = z.string().min(1).max(64);
const time = z.number().int();

function isPlain(text: string): boolean {
  // a control character would end up in names and logs
  // oxlint-disable-next-line no-control-regex
  return text.isWellFormed() && !/[\u0000-\u001f\u007f]/.test(text);
}

/** A text by which something is looked for, as whoever asks sends it. */
export const lookedFor = z.string().max(512).refine(isPlain, 'must hold no control characters');

/** What a mount calls somebody, or a group. */
export const aliasName = z
  .string()
  .min(1, 'must not be empty')
  .max(4096)
  .refine(isPlain, 'must hold no control characters');

/** What an entity or a group is called. */
export const identityName = z
  .string()
  .min(1, 'must not be empty')
  .max(512)
  .refine(isPlain, 'must hold no control characters');

/** At most 64 words of at most 512 characters, by names of at most 128. */
export const identityMetadata = z
  .record(z.string().min(1).max(128).refine(isPlain), z.string().max(512))
  .refine((words) => Object.keys(words).length <= 64, 'at most 64 pairs are kept');

/** Names of policies, as whoever asks sends them. */
export const policyNames = z
  .array(z.string().max(256).refine(isPlain, 'must hold no control characters'))
  .max(1000);

/** Names of policies as they are kept: in small letters, sorted, each once. Throws `input-invalid` for `root`. */
export function identityPolicies(names: readonly string[]): string[] {
  const kept = [...new Set(names.map((name) => name.trim().toLowerCase()).filter((name) => name !== ''))];
  if (kept.includes(rootPolicy)) throw refuseField('policies cannot contain root', 'policies');
  return kept.sort();
}

/** Entities that were merged into one, at most. */
export const mergedMax = 1000;

const aliasShape = z.strictObject({
  id: identifier,
  /** As the login tells it, or as it was written. */
  name: z.string().min(1).max(4096),
  mountId: identifier,
  mountAccessor: z.string().min(1).max(128),
  /** By which it is found, see `loginId`. */
  loginId: z.string().max(256),
  /** What the last login told. */
  metadata: z.record(z.string().max(512), z.string().max(4096)).nullable(),
  customMetadata: identityMetadata.nullable(),
  /** The entities that it was of before they were merged. */
  mergedFrom: z.array(identifier).max(mergedMax).default([]),
  createdAt: time,
  updatedAt: time,
});
/** A name of a mount that stands for an entity, or of somebody else's group that stands for a group. */
export type IdentityAlias = z.infer<typeof aliasShape>;

const entityShape = z.strictObject({
  name: identityName,
  metadata: identityMetadata.nullable(),
  policies: policyNames,
  disabled: z.boolean(),
  /** At most one of each mount. */
  aliases: z.array(aliasShape).max(2000),
  /** Of entities that are this one by now. */
  mergedIds: z.array(identifier).max(mergedMax).default([]),
  createdAt: time,
  updatedAt: time,
});
/** Somebody, as policies know it: by however many ways it logs in. Kept under its id. */
export type Entity = z.infer<typeof entityShape>;

const groupShape = z.strictObject({
  name: identityName,
  type: z.enum(['internal', 'external']),
  metadata: identityMetadata.nullable(),
  policies: policyNames,
  /** Of an external group alone. */
  alias: aliasShape.nullable(),
  createdAt: time,
  updatedAt: time,
});
/** Entities, and other groups, that have policies in common. Kept under its id. */
export type Group = z.infer<typeof groupShape>;

const toOwner = z.strictObject({ ownerId: identifier });
const membership = z.strictObject({
  kind: z.enum(['entity', 'group']),
  /** The mount whose logins say it; null: it was written. */
  mountId: identifier.nullable(),
  /** By which alias of the group, see `loginId`: it counts while the group has that one. Absent: it was written. */
  loginId: z.string().max(256).optional(),
});
/** How somebody came to be of a group. */
export type Membership = z.infer<typeof membership>;

export const entities = defineCollection<Entity>('entity', entityShape);
export const groups = defineCollection<Group>('group', groupShape);

/** From something that is there once to the entity or group that has it. */
type ToOwner = z.infer<typeof toOwner>;
/** By names in small letters. */
export const entityNames = defineCollection<ToOwner>('entity-name', toOwner);
export const groupNames = defineCollection<ToOwner>('group-name', toOwner);
/** By the ids of aliases. */
export const entityAliasIds = defineCollection<ToOwner>('entity-alias', toOwner);
export const groupAliasIds = defineCollection<ToOwner>('group-alias', toOwner);
/** By mount and name, see `loginId`. */
export const entityLogins = defineCollection<ToOwner>('entity-login', toOwner);
export const groupLogins = defineCollection<ToOwner>('group-login', toOwner);

/** From entities that were merged to what they are. */
export const mergedEntities = defineCollection<ToOwner>('merged-entity', toOwner);

/** Who is of a group: ids are `GROUP/MEMBER`. */
export const members = defineCollection<Membership>('group-member', membership);
/** Of which groups somebody is: ids are `MEMBER/GROUP`. */
export const memberships = defineCollection<Membership>('member-group', membership);

/** Names are the same in small and capital letters. */
export function foldedName(name: string): string {
  return name.toLowerCase();
}

const folding: ReadonlySet<string> = new Set(['userpass', 'token']);

/**
 * The id of what a mount calls so. Names stay as the method tells them, because other servers' users can differ in nothing but their letters;
 * those of people with passwords, and of tokens, are the same in small and capital ones.
 */
export function loginId(mount: { readonly id: string; readonly type: string }, name: string): string {
  return `${mount.id}/${sha256Hex(folding.has(mount.type) ? name.toLowerCase() : name)}`;
}

/** A list for the log, which is told in part where it is long. */
export function recordedList(words: readonly string[]): string {
  const text = words.join(' ');
  return text.length <= 2000 ? text : `${text.slice(0, 2000)}...`;
}

export function refuseField(message: string, field: string): ClavigerError {
  return new ClavigerError('input-invalid', message, { details: { field } });
}
