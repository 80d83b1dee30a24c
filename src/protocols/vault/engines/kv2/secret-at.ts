import { operations } from '#operations';
import type { Asked } from '../../route.ts';
import { absent, VaultError } from '../../vault-error.ts';

type Place = { readonly store: string; readonly path: string };

/** The secret that a request writes. */
export function writtenAt({ mount, part }: Pick<Asked, 'mount' | 'part'>): Place {
  const path = part('path');
  if (path === '') throw new VaultError(400, 'missing path');
  if (path.endsWith('/')) throw new VaultError(400, "cannot write to a path ending in '/'");
  return { store: mount.id, path };
}

/** The secret that a request looks for. */
export function soughtAt({ mount, part }: Pick<Asked, 'mount' | 'part'>): Place {
  const path = part('path');
  if (path === '' || path.endsWith('/')) throw absent();
  return { store: mount.id, path };
}

/** Whether there is such a secret: a policy may tell writing a new one from writing over one. */
export async function secretExists(asked: Asked): Promise<boolean> {
  const path = asked.part('path');
  if (path === '' || path.endsWith('/')) return true;
  const { head } = await asked.run(operations.describeSecret, { store: asked.mount.id, path });
  return head !== null;
}

const listMax = 100_000;

/** The folder that a request lists, and the page of it. */
export function listedAt({ mount, part, fields }: Pick<Asked, 'mount' | 'part' | 'fields'>) {
  const path = part('path');
  const after = fields.text('after');
  const limit = fields.whole('limit') ?? 0;
  return {
    store: mount.id,
    folder: path === '' || path.endsWith('/') ? path : `${path}/`,
    after: after === undefined || after === '' ? null : after,
    limit: limit > 0 ? Math.min(limit, listMax) : listMax,
  };
}
