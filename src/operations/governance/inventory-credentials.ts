import { ClavigerError } from '#domain';
import type { CredentialRow } from '#governance';
import type { Page } from '#ports';
import type { House } from '../house.ts';

const time = (at: number): string => new Date(at).toISOString();

/** Credentials of an environment without their secrets, by principal and id; of one principal where the filter names it. */
export async function credentialRows(
  house: House,
  environment: string,
  fields: Readonly<Record<string, string>>,
  { after, limit }: Page,
): Promise<{ rows: CredentialRow[]; next: string | null }> {
  const { owner, ...others } = fields;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined)
    throw new ClavigerError('input-invalid', `Credentials are filtered by owner, not by ${unknown}.`, {
      details: { field: unknown },
    });
  // no name has a space
  const [afterName = '', afterId = ''] = after?.split(' ') ?? [];
  const rows: CredentialRow[] = [];
  for (const principal of await house.store.principals(environment)) {
    const { id, name, disabled } = principal;
    if (name < afterName || (owner !== undefined && name !== owner)) continue;
    for (const credential of await house.store.credentialsOf(id)) {
      if (name === afterName && credential.id <= afterId) continue;
      const last = rows.at(-1);
      if (last && rows.length === limit) return { rows, next: `${last.owner} ${last.id}` };
      const { kind, createdAt, expiresAt } = credential;
      rows.push({
        kind: 'credential',
        id: credential.id,
        environment,
        owner: name,
        type: kind,
        createdAt: time(createdAt),
        expiresAt: expiresAt === null ? null : time(expiresAt),
        disabled,
      });
    }
  }
  return { rows, next: null };
}
