import type * as Pkcs11 from 'pkcs11js';
import type { Session } from './token.ts';

const findMax = 100;

/** The objects of the token that have all of these attributes. */
export function find({ module, session }: Session, template: Pkcs11.Template): Pkcs11.Handle[] {
  const all: Pkcs11.Handle[] = [];
  module.C_FindObjectsInit(session, template);
  try {
    for (let some = module.C_FindObjects(session, findMax); some.length > 0; ) {
      all.push(...some);
      some = module.C_FindObjects(session, findMax);
    }
  } finally {
    module.C_FindObjectsFinal(session);
  }
  return all;
}

/** The value of one attribute. */
export function attribute({ module, session }: Session, object: Pkcs11.Handle, type: number): Buffer {
  return module.C_GetAttributeValue(session, object, [{ type }])[0]?.value as Buffer;
}

export function isTrue(open: Session, object: Pkcs11.Handle, type: number): boolean {
  return attribute(open, object, type)[0] === 1;
}

/**
 * Makes sure that finding nothing means that nothing is there: a token that was taken away beneath its module shows an empty store
 * instead of an error. Throws CKR_TOKEN_NOT_PRESENT. A token in use always holds something: its root key, or our anchor.
 */
export function requirePresent(open: Session): void {
  open.module.C_GetTokenInfo(open.slot);
  if (find(open, []).length > 0) return;
  throw Object.assign(new Error('the token shows no object at all'), { code: 0xe0 });
}
