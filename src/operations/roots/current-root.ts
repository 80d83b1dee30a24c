import { z } from 'zod';
import { newId } from '#crypto';
import { hasCode, StopError, type Instant } from '#domain';
import { asWrappedMaterial, type RootDescription, type RootOfTrust, type Store } from '#ports';

/** The setting that says under which root the store is; what it says is replaced when another root takes over. */
export const currentRootSetting = 'current-root';

const form = z.strictObject({
  /** A root has no name of its own: it gets a random one in each store. */
  id: z.uuid(),
  kind: z.string(),
  where: z.string(),
  /** When the store came under it. */
  since: z.int(),
  /** The id, wrapped by the root: nothing but this root opens it. Base64. */
  check: z.base64().min(1),
  /** How a passphrase becomes the root key, in clear; null for roots that need nothing. */
  parameters: z.string().nullable(),
  /** As in CLAVIGER_ROOT, for nodes that follow; null: it is not known to be free of secrets, or was never named here. */
  uri: z.string().nullable(),
});

export type CurrentRoot = z.infer<typeof form>;

function contextOf(id: string): string {
  return `claviger root ${id}`;
}

/** What the setting says. Throws a StopError where it is damaged. */
export function parseCurrentRoot(text: string): CurrentRoot {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new StopError('integrity-failed', 'What the store says of its root of trust is damaged.', {
      cause,
    });
  }
  const read = form.safeParse(value);
  if (read.success) return read.data;
  throw new StopError('integrity-failed', 'What the store says of its root of trust is damaged.');
}

/** What the setting will say of a root that is about to take over. */
export async function describeRoot(
  root: RootOfTrust,
  { parameters, uri }: Pick<CurrentRoot, 'parameters' | 'uri'>,
  now: Instant,
): Promise<CurrentRoot> {
  const id = newId();
  const { kind, where } = root.describe();
  const check = await root.wrap(Buffer.from(id, 'utf8'), contextOf(id));
  return { id, kind, where, since: now, check: Buffer.from(check).toString('base64'), parameters, uri };
}

/** Whether this is the root that the setting speaks of. Rejects with `root-unavailable` when it does not answer. */
export async function isCurrentRoot(root: RootOfTrust, current: CurrentRoot): Promise<boolean> {
  try {
    const check = asWrappedMaterial(Buffer.from(current.check, 'base64'));
    const opened = await root.unwrap(check, contextOf(current.id));
    return Buffer.from(opened).equals(Buffer.from(current.id, 'utf8'));
  } catch (error) {
    if (hasCode(error, 'root-refused')) return false;
    throw error;
  }
}

function named({ kind, where }: Pick<RootDescription, 'kind' | 'where'>): string {
  return `${kind} (${where})`;
}

/**
 * Makes sure that this root is the one that the store is under; returns what the setting says. A store that says nothing yet (it is
 * new, or of a version that kept no such setting) gets the setting, once `prove` has shown that the root opens it.
 */
export async function requireCurrentRoot(
  parts: { readonly root: RootOfTrust; readonly store: Store; readonly parameters: string | null },
  now: Instant,
  prove: () => Promise<void>,
): Promise<string> {
  const { root, store } = parts;
  let text = await store.setting(currentRootSetting);
  if (text === null) {
    await prove();
    const fresh = await describeRoot(root, { parameters: parts.parameters, uri: null }, now);
    text = await store.claimSetting(currentRootSetting, JSON.stringify(fresh));
  }
  const current = parseCurrentRoot(text);
  if (await isCurrentRoot(root, current)) return text;
  const refusal =
    `The root of trust ${named(root.describe())} does not open this store: since ${new Date(current.since).toISOString()} ` +
    `the store is under ${named(current)}. Set CLAVIGER_ROOT to that one.`;
  throw new StopError('root-refused', refusal, { details: { kind: current.kind, where: current.where } });
}
