import type { JsonObject } from '#encoding';
import { operations } from '#operations';
import type { Answer } from '../../answer.ts';
import type { Fields } from '../../fields.ts';
import type { Asked, Route } from '../../route.ts';
import { absent, VaultError } from '../../vault-error.ts';
import { secretExists, soughtAt, writtenAt } from './secret-at.ts';
import { versionView } from './view.ts';

function dataOf(fields: Fields): JsonObject {
  const data = fields.object('data');
  if (data === undefined) throw new VaultError(400, 'no data provided');
  return data;
}

/** The version that must be the current one; null: it is not said. */
function expectedOf(fields: Fields): number | null {
  const options = fields.batchOf('options');
  if (!options.has('cas')) return null;
  let check: number | undefined;
  try {
    check = options.whole('cas');
  } catch {
    check = undefined;
  }
  if (check === undefined || check < 0) throw new VaultError(400, 'error parsing check-and-set parameter');
  return check;
}

export function versionAsked(fields: Fields): number {
  return Math.max(fields.whole('version') ?? 0, 0);
}

async function read(asked: Asked): Promise<Answer> {
  const found = await asked.run(operations.readSecret, {
    ...soughtAt(asked),
    version: versionAsked(asked.fields),
  });
  if (!found) throw absent();
  const data = { data: found.value, metadata: versionView(found.version, found.labels) };
  //= vault: a version that was deleted or destroyed is a 404 with its metadata
  return found.value ? { data } : { status: 404, data };
}

async function write(asked: Asked): Promise<Answer> {
  const { version, labels } = await asked.run(operations.writeSecret, {
    ...writtenAt(asked),
    value: dataOf(asked.fields),
    expected: expectedOf(asked.fields),
    keep: null,
  });
  return { data: versionView(version, labels) };
}

async function patch(asked: Asked): Promise<Answer> {
  const { secret, written } = await asked.run(operations.patchSecret, {
    ...writtenAt(asked),
    patch: dataOf(asked.fields),
    expected: expectedOf(asked.fields),
  });
  if (!secret) throw absent();
  const data = versionView(secret.version, secret.labels);
  return written ? { data } : { status: 404, data };
}

async function remove(asked: Asked): Promise<Answer> {
  await asked.run(operations.deleteSecret, { ...soughtAt(asked), versions: [0] });
  return null;
}

type Structure = { readonly [name: string]: Structure | null };

/** An object with its members and without their values. */
function structureOf(value: JsonObject, depth: number): Structure {
  const entries = Object.entries(value).map(([name, member]) => {
    const isObject = typeof member === 'object' && member !== null && !Array.isArray(member);
    const goesOn = isObject && depth !== 1 && Object.keys(member).length > 0;
    return [name, goesOn ? structureOf(member as JsonObject, depth - 1) : null] as const;
  });
  return Object.fromEntries(entries);
}

async function subkeys(asked: Asked): Promise<Answer> {
  const depth = asked.fields.whole('depth') ?? 0;
  const found = await asked.run(operations.readSecret, {
    ...soughtAt(asked),
    version: versionAsked(asked.fields),
  });
  if (!found) throw absent();
  const metadata = versionView(found.version, found.labels);
  if (!found.value) return { status: 404, data: { metadata, subkeys: null } };
  return { data: { metadata, subkeys: structureOf(found.value, Math.max(depth, 0)) } };
}

export const dataRoutes: readonly Route[] = [
  {
    path: 'data/{path...}',
    about: 'Reads, writes, patches and deletes a secret.',
    exists: secretExists,
    handlers: { read, update: write, patch, delete: remove },
  },
  {
    path: 'subkeys/{path...}',
    about: 'Tells the structure of a secret without its values.',
    handlers: { read: subkeys },
  },
];
