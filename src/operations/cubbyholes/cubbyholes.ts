import { z } from 'zod';
import { SecretBytes } from '#crypto';
import { ClavigerError, type Instant } from '#domain';
import type { Change, Document } from '#ports';
import { defineOperation } from '../define.ts';
import { defineCollection, documentSecretName, type Kept } from '../documents.ts';
import type { House } from '../house.ts';
import type { Caller } from '../operation.ts';
import { tokens, type TokenLease } from '../tokens/lease.ts';

/** What a token keeps for itself: nobody else can read it, and it ends with the token. Ids are `TOKEN/PATH`. */
export const cubbyholes = defineCollection<{}>('cubbyhole', z.strictObject({}));

const path = z.string().regex(/^[^\p{Cc}\p{Cs}]{1,1024}$/u);
const bytesMax = 1_048_576;

const atPath = z.strictObject({ path });
type AtPath = z.infer<typeof atPath>;

type Total = { readonly count: number; readonly bytes: number };
/** How much a token keeps, under `TOKEN/total`: two writes at once can't both take the last room. */
const totals = defineCollection<Total>(
  'cubbyhole-total',
  z.strictObject({ count: z.number().int().min(0), bytes: z.number().int().min(0) }),
);
const countMax = 256;
const totalMax = 4_194_304;

/** Whose cubbyhole it is. */
type Owner = {
  readonly house: House;
  readonly environment: string;
  readonly tokenId: string;
  /** Null: it is a credential of the principal itself. */
  readonly lease: Kept<TokenLease> | null;
  /** When all ends that it keeps; null: it ends with the token. */
  readonly endsAt: Instant | null;
};

//= vault: batch tokens have no cubbyhole
async function ownerOf(house: House, { principal, tokenId, scope }: Caller): Promise<Owner> {
  if (tokenId === undefined) throw new ClavigerError('input-invalid', 'only a token has a cubbyhole');
  const { environment } = principal;
  const lease = await tokens.find(house, environment, tokenId);
  // nothing is kept of a batch token, or of one that has ended meanwhile
  if (scope && !lease)
    throw new ClavigerError(
      'input-invalid',
      'cubbyhole operations are only supported by "service" type tokens',
    );
  const credential = lease ? null : await house.store.credential(tokenId);
  return { house, environment, tokenId, lease, endsAt: credential?.expiresAt ?? null };
}

function requireRoom({ count, bytes }: Total): void {
  const full = (count > countMax && `${countMax} values`) || (bytes > totalMax && `${totalMax} bytes`);
  if (full)
    throw new ClavigerError(
      'limit-exceeded',
      `a token keeps at most ${full} in its cubbyhole: delete one first`,
    );
}

/** The change of a total where a value comes, goes, or is replaced. */
async function totalled(owner: Owner, before: Document | null, bytes: number | null): Promise<Change[]> {
  const { house, environment, tokenId, lease, endsAt } = owner;
  const id = `${tokenId}/total`;
  const kept = await totals.find(house, environment, id);
  const was = kept?.content ?? { count: 0, bytes: 0 };
  const after = {
    count: Math.max(0, was.count + (bytes === null ? 0 : 1) - (before ? 1 : 0)),
    bytes: Math.max(0, was.bytes + (bytes ?? 0) - (before?.sealed?.length ?? 0)),
  };
  if (bytes !== null) requireRoom(after);
  if (kept) return [totals.replaced(kept, after)];
  const made = totals.created(environment, id, after, { expiresAt: endsAt });
  // a token that ends at this moment takes the total with it, or is found changed
  return lease ? [made, tokens.replaced(lease, lease.content)] : [made];
}

/** The JSON text that was put there; null: nothing. The caller of the operation disposes it. */
export const readCubbyhole = defineOperation<AtPath, { readonly content: SecretBytes | null }>({
  name: 'cubbyholes.read',
  kind: 'read',
  input: atPath,
  targets: [],
  permission: 'cubbyholes:read',
  run: async ({ house, caller }, wish) => {
    const { environment, tokenId } = await ownerOf(house, caller);
    const id = `${tokenId}/${wish.path}`;
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
    const owner = await ownerOf(house, caller);
    const { environment, tokenId, endsAt } = owner;
    const place = { environment, collection: cubbyholes.name, id: `${tokenId}/${wish.path}` };
    const before = await house.store.documents.get(place);
    const name = documentSecretName(cubbyholes.name, place.id);
    const sealed = await house.hierarchy.sealSmall(environment, name, wish.content);
    const total = await totalled(owner, before, sealed.length);
    const put = await cubbyholes.put(house, place, {}, { sealed, expiresAt: endsAt });
    return { output: {}, changes: [put, ...total] };
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
    const owner = await ownerOf(house, caller);
    const kept = await cubbyholes.find(house, owner.environment, `${owner.tokenId}/${wish.path}`);
    if (!kept) return { output: {} };
    const total = await totalled(owner, kept.document, null);
    return { output: {}, changes: [cubbyholes.removed(kept, true), ...total] };
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
    const { environment, tokenId } = await ownerOf(house, caller);
    const id = `${tokenId}/${prefix}`;
    const found = await cubbyholes.list(house, environment, id, { after: null, limit: 1000 });
    const names = found.map(({ document }) => {
      const rest = document.id.slice(id.length);
      const slash = rest.indexOf('/');
      return slash < 0 ? rest : rest.slice(0, slash + 1);
    });
    return { output: { names: [...new Set(names)] } };
  },
});
