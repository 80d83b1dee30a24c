import { z } from 'zod';
import { SecretBytes } from '#crypto';
import { ClavigerError } from '#domain';
import { defineOperation } from '../define.ts';
import { defineCollection, documentSecretName } from '../documents.ts';
import type { Caller } from '../operation.ts';

/** What a token keeps for itself: nobody else can read it, and it ends with the token. Ids are `TOKEN/PATH`. */
export const cubbyholes = defineCollection<{}>('cubbyhole', z.strictObject({}));

const path = z.string().regex(/^[^\p{Cc}\p{Cs}]{1,1024}$/u);
const bytesMax = 1_048_576;

const atPath = z.strictObject({ path });
type AtPath = z.infer<typeof atPath>;

function placeOf({ principal, tokenId }: Caller, where: string): { environment: string; id: string } {
  if (tokenId === undefined) throw new ClavigerError('input-invalid', 'only a token has a cubbyhole');
  return { environment: principal.environment, id: `${tokenId}/${where}` };
}

/** The JSON text that was put there; null: nothing. The caller of the operation disposes it. */
export const readCubbyhole = defineOperation<AtPath, { readonly content: SecretBytes | null }>({
  name: 'cubbyholes.read',
  kind: 'read',
  input: atPath,
  targets: [],
  permission: 'cubbyholes:read',
  run: async ({ house, caller }, wish) => {
    const { environment, id } = placeOf(caller, wish.path);
    const kept = await cubbyholes.find(house, environment, id);
    if (!kept?.document.sealed) return { output: { content: null } };
    const name = documentSecretName(cubbyholes.name, id);
    return { output: { content: await house.hierarchy.openSmall(environment, name, kept.document.sealed) } };
  },
});

const writeInput = z.strictObject({
  path,
  content: z.custom<SecretBytes>((value) => value instanceof SecretBytes, 'must be secret bytes'),
});
type WriteInput = z.infer<typeof writeInput>;

/** Keeps a JSON text; the caller of the operation disposes its own copy. */
export const writeCubbyhole = defineOperation<WriteInput, {}>({
  name: 'cubbyholes.write',
  kind: 'manage',
  input: writeInput,
  targets: [],
  permission: 'cubbyholes:write',
  run: async ({ house, caller }, wish) => {
    if (wish.content.use((bytes) => bytes.length) > bytesMax)
      throw new ClavigerError('input-too-large', `A cubbyhole takes at most ${bytesMax} bytes.`);
    const place = placeOf(caller, wish.path);
    const name = documentSecretName(cubbyholes.name, place.id);
    const sealed = await house.hierarchy.sealSmall(place.environment, name, wish.content);
    return { output: {}, changes: [await cubbyholes.put(house, place, {}, { sealed })] };
  },
});

/** Takes away what is kept. */
export const deleteCubbyhole = defineOperation<AtPath, {}>({
  name: 'cubbyholes.delete',
  kind: 'manage',
  input: atPath,
  targets: [],
  permission: 'cubbyholes:delete',
  run: async ({ house, caller }, wish) => {
    const { environment, id } = placeOf(caller, wish.path);
    const kept = await cubbyholes.find(house, environment, id);
    return { output: {}, changes: kept ? [cubbyholes.removed(kept, true)] : [] };
  },
});

const listInput = z.strictObject({ prefix: z.string().regex(/^[^\p{Cc}\p{Cs}]{0,1024}$/u) });
type ListInput = z.infer<typeof listInput>;

/** What is kept below a path: names, and those of folders with a slash behind; at most 1,000. */
export const listCubbyhole = defineOperation<ListInput, { readonly names: readonly string[] }>({
  name: 'cubbyholes.list',
  kind: 'read',
  input: listInput,
  targets: [],
  permission: 'cubbyholes:list',
  run: async ({ house, caller }, { prefix }) => {
    const { environment, id } = placeOf(caller, prefix);
    const found = await cubbyholes.list(house, environment, id, { after: null, limit: 1000 });
    const names = found.map(({ document }) => {
      const rest = document.id.slice(id.length);
      const slash = rest.indexOf('/');
      return slash < 0 ? rest : rest.slice(0, slash + 1);
    });
    return { output: { names: [...new Set(names)] } };
  },
});
