import type { RootOfTrust } from '#ports';

/** A root that may take over, and what must be kept in clear to open it again. */
export type RootTarget = {
  readonly root: RootOfTrust;
  readonly parameters: string | null;
  /** The URI, where it holds no secret and other nodes may read it; else null. */
  readonly uri: string | null;
};

/** How far a migration of the root is; null: none runs on this node. */
export type RootProgress = { readonly done: number; readonly total: number };

/** Where roots come from; the server knows the kinds. */
export type RootPlaces = {
  /** Opens the root that a URI names; its secrets are in files of the server. */
  readonly open: (uri: string) => Promise<RootTarget>;
  /** What setting `current-root` says now, and the root that it names opened; null where this node can't. */
  readonly standing: () => Promise<{ readonly root: RootOfTrust; readonly setting: string } | null>;
  /** Makes a new root key at the same kind of place as the present root's; the URI of the new one. */
  readonly newRootLike: (wish: { readonly passphraseFile: string | null }) => Promise<string>;
};

/** The root of this node, which can be exchanged while it serves. */
export type RootSeat = {
  /** Stands for whichever root is seated. */
  readonly root: RootOfTrust;
  /** What setting `current-root` says of the root that is seated. */
  readonly setting: () => string | null;
  /** A target, opened once until it is seated or the seat is closed. */
  readonly target: (uri: string) => Promise<RootTarget>;
  readonly newRootLike: RootPlaces['newRootLike'];
  /** Seats the target; the root before is closed. */
  readonly sit: (uri: string, setting: string) => Promise<void>;
  /** Seats the root under which another node has put the store, if this node can open it. */
  readonly follow: () => Promise<void>;
  readonly progress: () => RootProgress | null;
  readonly report: (progress: RootProgress | null) => void;
};

/** Seats the first root. */
export function createRootSeat(first: RootOfTrust, setting: string | null, places: RootPlaces): RootSeat {
  let seated = first;
  let said = setting;
  let progress: RootProgress | null = null;
  const targets = new Map<string, Promise<RootTarget>>();

  function target(uri: string): Promise<RootTarget> {
    const known = targets.get(uri);
    if (known) return known;
    const opening = places.open(uri);
    targets.set(uri, opening);
    opening.catch(() => targets.delete(uri));
    return opening;
  }

  let following: Promise<void> | null = null;

  async function follow(): Promise<void> {
    const standing = await places.standing();
    if (!standing) return;
    if (standing.setting === said) return standing.root.close();
    const before = seated;
    seated = standing.root;
    said = standing.setting;
    await before.close();
  }

  async function closeTargets(): Promise<void> {
    const all = [...targets.values()];
    targets.clear();
    for (const each of all) await each.then(({ root }) => root.close()).catch(() => undefined);
  }

  return {
    root: {
      describe: () => seated.describe(),
      wrap: (secret, context) => seated.wrap(secret, context),
      unwrap: (wrapped, context) => seated.unwrap(wrapped, context),
      probe: async () => seated.probe?.(),
      async close() {
        await closeTargets();
        await seated.close();
      },
    },
    setting: () => said,
    target,
    newRootLike: places.newRootLike,
    async sit(uri, next) {
      const { root } = await target(uri);
      const before = seated;
      targets.delete(uri);
      seated = root;
      said = next;
      await before.close();
    },
    follow() {
      following ??= follow().finally(() => {
        following = null;
      });
      return following;
    },
    progress: () => progress,
    report(next) {
      progress = next;
    },
  };
}
