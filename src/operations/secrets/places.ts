import { z } from 'zod';
import type { Kept } from '../documents.ts';
import { defineCollection } from '../documents.ts';
import type { House } from '../house.ts';
import { headShape, noSettings, settingsShape, type SecretHead, type SecretSettings } from './head.ts';

const pathBytesMax = 1024;

// no empty segment: what stands behind two slashes is never a path
// oxlint-disable-next-line no-control-regex
const pathForm = /^[^/\u0000-\u001f\u007f]+(?:\/[^/\u0000-\u001f\u007f]+)*$/u;

/** Comes after everything that begins as it does, where secrets are listed: no path holds this character. */
export const lastCharacter = '\u{10FFFF}';

export function isSecretPath(path: string): boolean {
  if (!pathForm.test(path) || !path.isWellFormed() || path.includes(lastCharacter)) return false;
  return Buffer.byteLength(path) <= pathBytesMax && !path.split('/').includes('..');
}

/** What holds secrets apart from others of the same environment. */
export const storeId = z.string().regex(/^[A-Za-z0-9-]{1,64}$/);

/** Where a secret is in its store. */
export const secretPath = z
  .string()
  .refine(
    isSecretPath,
    `a secret's path has 1 to ${pathBytesMax} bytes, no control characters and no empty part`,
  );

/** The secrets without their values; the id is the store and the path. */
export const heads = defineCollection('secret-heads', headShape);
/** The values, each sealed under a shred secret of its own; the id is the secret's and the number of the version. */
export const values = defineCollection('secret-values', z.strictObject({}));
/** What stores say of their secrets; the id is the store. */
export const settings = defineCollection('secret-settings', settingsShape);
/** Shred secrets of values that are gone, until they are destroyed; the id is the shred secret's. */
export const endings = defineCollection('secret-endings', z.strictObject({ value: z.string() }));

export type Secret = { readonly store: string; readonly path: string };

export function headId({ store, path }: Secret): string {
  return `${store}/${path}`;
}

/** What begins the ids of all values of a secret, and of nothing else. */
export function valuesPrefix(secret: Secret): string {
  return `${headId(secret)}//`;
}

export function valueId(secret: Secret, number: number): string {
  return `${valuesPrefix(secret)}${String(number).padStart(12, '0')}`;
}

export async function settingsOf(house: House, environment: string, store: string): Promise<SecretSettings> {
  return (await settings.find(house, environment, store))?.content ?? noSettings;
}

export async function headOf(
  house: House,
  environment: string,
  secret: Secret,
): Promise<Kept<SecretHead> | null> {
  return await heads.find(house, environment, headId(secret));
}
