import { z } from 'zod';
import { ClavigerError, type Key, type Tag } from '#domain';
import { anyCondition, defineOperation, notScheduled, onKey, present } from '../define.ts';
import { keyReference, page, tag } from '../inputs.ts';
import { revised, updateOf } from './change.ts';
import { acceptPolicy } from './create.ts';
import { requireDistinctTags, tagsMax } from './tag-rules.ts';

const keyOnly = z.strictObject({ key: keyReference });
type KeyOnly = z.infer<typeof keyOnly>;

const descriptionInput = keyOnly.extend({ description: z.string().max(8192) });
type DescriptionInput = z.infer<typeof descriptionInput>;

/** Changes what a key says of itself. */
export const updateDescription = defineOperation<DescriptionInput, Key>({
  name: 'keys.update-description',
  kind: 'manage',
  input: descriptionInput,
  targets: [
    onKey<DescriptionInput>({
      permission: 'keys:update-description',
      act: 'manage',
      conditions: notScheduled,
    }),
  ],
  run: ({ keys }, { description }) => {
    const { key } = present(keys[0]);
    const after = { ...key, description };
    return { output: revised(key, after), changes: [updateOf(key, after)] };
  },
});

const policyInput = keyOnly.extend({ policy: z.string().max(131_072), bypassLockoutCheck: z.boolean() });
type PolicyInput = z.infer<typeof policyInput>;

/** Replaces the key policy, unless it would lock its writer out. */
export const putPolicy = defineOperation<PolicyInput, Key>({
  name: 'keys.put-policy',
  kind: 'manage',
  input: policyInput,
  targets: [onKey<PolicyInput>({ permission: 'keys:put-policy', act: 'manage', conditions: anyCondition })],
  conditions: ({ bypassLockoutCheck }) => ({
    'kms:BypassPolicyLockoutSafetyCheck': String(bypassLockoutCheck),
  }),
  quorum: 'policy',
  run: ({ keys, caller, now }, wish) => {
    const { key } = present(keys[0]);
    const { bypassLockoutCheck } = wish;
    const after = { ...key, policy: acceptPolicy(caller, wish.policy, { ...key, bypassLockoutCheck, now }) };
    return { output: revised(key, after), changes: [updateOf(key, after)] };
  },
});

type PolicyOutput = { readonly key: Key; readonly policy: string };

/** The key policy as it was written. */
export const getPolicy = defineOperation<KeyOnly, PolicyOutput>({
  name: 'keys.get-policy',
  kind: 'read',
  input: keyOnly,
  targets: [onKey<KeyOnly>({ permission: 'keys:get-policy', act: 'inspect', conditions: anyCondition })],
  run: ({ keys }) => {
    const { key } = present(keys[0]);
    return { output: { key, policy: key.policy } };
  },
});

/** Which policies a key has: there is one. */
export const listPolicies = defineOperation<KeyOnly, PolicyOutput>({
  name: 'keys.list-policies',
  kind: 'read',
  input: keyOnly,
  targets: [onKey<KeyOnly>({ permission: 'keys:list-policies', act: 'inspect', conditions: anyCondition })],
  run: ({ keys }) => {
    const { key } = present(keys[0]);
    return { output: { key, policy: key.policy } };
  },
});

const tagInput = keyOnly.extend({ tags: z.array(tag).max(200) });
type TagInput = z.infer<typeof tagInput>;

/** Sets tags; one that is there already gets the new value. */
export const tagKey = defineOperation<TagInput, Key>({
  name: 'keys.tag',
  kind: 'manage',
  input: tagInput,
  targets: [onKey<TagInput>({ permission: 'keys:tag', act: 'manage', conditions: notScheduled })],
  conditions: ({ tags }) => ({
    'aws:TagKeys': tags.map((entry) => entry.key),
    ...Object.fromEntries(tags.map((entry) => [`aws:RequestTag/${entry.key}`, entry.value])),
  }),
  run: ({ keys }, { tags }) => {
    const { key } = present(keys[0]);
    requireDistinctTags(tags);
    const values = new Map(key.tags.map((entry) => [entry.key, entry.value]));
    for (const entry of tags) values.set(entry.key, entry.value);
    if (values.size > tagsMax) {
      throw new ClavigerError('limit-exceeded', `A key takes at most ${tagsMax} tags.`);
    }
    const after = { ...key, tags: [...values].map(([name, value]): Tag => ({ key: name, value })) };
    return { output: revised(key, after), changes: [updateOf(key, after)] };
  },
});

const untagInput = keyOnly.extend({ tagKeys: z.array(z.string().min(1).max(128)).max(200) });
type UntagInput = z.infer<typeof untagInput>;

/** Removes tags; one that is not there is no error. */
export const untagKey = defineOperation<UntagInput, Key>({
  name: 'keys.untag',
  kind: 'manage',
  input: untagInput,
  targets: [onKey<UntagInput>({ permission: 'keys:untag', act: 'manage', conditions: notScheduled })],
  conditions: ({ tagKeys }) => ({ 'aws:TagKeys': tagKeys }),
  run: ({ keys }, { tagKeys }) => {
    const { key } = present(keys[0]);
    const gone = new Set(tagKeys);
    const after = { ...key, tags: key.tags.filter((entry) => !gone.has(entry.key)) };
    return { output: revised(key, after), changes: [updateOf(key, after)] };
  },
});

const listInput = keyOnly.extend({ page });
type ListInput = z.infer<typeof listInput>;

/** The tags of a key, in the order in which they were set. */
export const listTags = defineOperation<
  ListInput,
  { readonly tags: readonly Tag[]; readonly next: string | null }
>({
  name: 'keys.list-tags',
  kind: 'read',
  input: listInput,
  targets: [onKey<ListInput>({ permission: 'keys:list-tags', act: 'inspect', conditions: anyCondition })],
  run: ({ keys }, wish) => {
    const { key } = present(keys[0]);
    const start =
      wish.page.after === null ? 0 : key.tags.findIndex((entry) => entry.key === wish.page.after) + 1;
    if (wish.page.after !== null && start === 0) {
      throw new ClavigerError('page-marker-invalid', 'The page marker is not ours.');
    }
    const tags = key.tags.slice(start, start + wish.page.limit);
    const more = start + tags.length < key.tags.length;
    return { output: { tags, next: more ? (tags.at(-1)?.key ?? null) : null } };
  },
});
