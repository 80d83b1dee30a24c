import { decimalSerial, operations } from '#operations';
import type { Answer } from '../../answer.ts';
import type { Asked, Route } from '../../route.ts';
import { absent, VaultError } from '../../vault-error.ts';

async function write({ mount, part, fields, run }: Asked): Promise<Answer> {
  const [pem, url] = [fields.text('crl'), fields.text('url')];
  if (pem === undefined && url === undefined)
    throw new VaultError(400, "one of 'crl' or 'url' must be provided");
  if (pem === undefined && url === '') throw new VaultError(400, 'empty CRL url');
  await run(operations.writeRevocationList, {
    mount: mount.path,
    name: part('name'),
    source: pem === undefined ? { kind: 'url', url: url ?? '' } : { kind: 'pem', pem },
  });
  return null;
}

function unknown(name: string): VaultError {
  return new VaultError(400, `no such CRL ${name.toLowerCase()}`);
}

async function read({ mount, part, run }: Asked): Promise<Answer> {
  const name = part('name');
  const { list } = await run(operations.readRevocationListOf, { mount: mount.path, name });
  if (!list) throw unknown(name);
  const validUntil = list.nextUpdate === null ? null : new Date(list.nextUpdate).toISOString();
  return {
    data: {
      cdp: list.url === '' ? null : { url: list.url, valid_until: validUntil },
      serials: Object.fromEntries(list.serials.map((serial) => [decimalSerial(serial), {}])),
    },
  };
}

async function remove({ mount, part, run }: Asked): Promise<Answer> {
  const name = part('name');
  const { found } = await run(operations.deleteRevocationList, { mount: mount.path, name });
  if (!found) throw unknown(name);
  return null;
}

async function list({ mount, run }: Asked): Promise<Answer> {
  const { names } = await run(operations.listRevocationLists, { mount: mount.path });
  if (names.length === 0) throw absent();
  return { data: { keys: names } };
}

/** The paths of the lists of what is trusted no more. */
export const revocationListRoutes: readonly Route[] = [
  { path: 'crls', about: 'Lists the revocation lists.', handlers: { list } },
  {
    path: 'crls/{name}',
    about: 'Says which certificates are trusted no more, by a revocation list.',
    handlers: { read, update: write, delete: remove },
  },
];
