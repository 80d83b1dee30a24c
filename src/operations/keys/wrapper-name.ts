import type { KeyVersion } from '#domain';

/** The recipient of an export that is wrapped under a key of the house, as the register of copies names it. */
export function wrapperName(under: {
  readonly key: { readonly id: string };
  readonly version: KeyVersion;
}): string {
  return `key:${under.key.id} version ${under.version.number}`;
}

const form = /^key:([0-9a-z-]{1,64}) version [0-9]+$/;

/** The id of the key that a recipient names; null: it is somebody else. */
export function wrapperIn(recipient: unknown): string | null {
  return typeof recipient === 'string' ? (form.exec(recipient)?.[1] ?? null) : null;
}
