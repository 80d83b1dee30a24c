import { ClavigerError, StopError } from '#domain';
import type * as Pkcs11 from 'pkcs11js';
import { attribute, find, isTrue, requirePresent } from './objects.ts';
import type { Session } from './token.ts';

type RootName = { readonly label: string; readonly id: string | null };

function named({ api }: Session, { label, id }: RootName): Pkcs11.Template {
  return [
    { type: api.CKA_CLASS, value: api.CKO_SECRET_KEY },
    { type: api.CKA_TOKEN, value: true },
    { type: api.CKA_LABEL, value: label },
    ...(id === null ? [] : [{ type: api.CKA_ID, value: Buffer.from(id, 'hex') }]),
  ];
}

/** The one root key of this name. */
function rootKey(open: Session, name: RootName): Pkcs11.Handle {
  const found = find(open, named(open, name));
  const [key] = found;
  if (!key) requirePresent(open);
  if (!key) throw new ClavigerError('root-unavailable', `The token has no root key labelled ${name.label}.`);
  if (found.length > 1)
    throw new StopError(
      'root-refused',
      `The token has several keys labelled ${name.label}: add id= to the URI.`,
    );
  const { api } = open;
  if (!isTrue(open, key, api.CKA_SENSITIVE) || isTrue(open, key, api.CKA_EXTRACTABLE))
    throw new StopError(
      'root-refused',
      `The key ${name.label} can be taken out of the token: it is no root key.`,
    );
  return key;
}

/** CKA_ID of the root keys of this label, sorted. */
export function rootIds(open: Session, { label }: { label: string }): string[] {
  return find(open, named(open, { label, id: null }))
    .map((key) => attribute(open, key, open.api.CKA_ID).toString('hex'))
    .toSorted();
}

/** Makes a root key in the token: it never leaves it. */
export function createRoot({ api, module, session }: Session, name: { label: string; id: string }): void {
  module.C_GenerateKey(session, { mechanism: api.CKM_AES_KEY_GEN }, [
    { type: api.CKA_TOKEN, value: true },
    { type: api.CKA_PRIVATE, value: true },
    { type: api.CKA_SENSITIVE, value: true },
    { type: api.CKA_EXTRACTABLE, value: false },
    { type: api.CKA_WRAP, value: true },
    { type: api.CKA_UNWRAP, value: true },
    { type: api.CKA_ENCRYPT, value: false },
    { type: api.CKA_DECRYPT, value: false },
    { type: api.CKA_VALUE_LEN, value: 32 },
    { type: api.CKA_LABEL, value: name.label },
    { type: api.CKA_ID, value: Buffer.from(name.id, 'hex') },
  ]);
}

export function destroyRoot(open: Session, name: { label: string; id: string }): void {
  for (const key of find(open, named(open, name))) open.module.C_DestroyObject(open.session, key);
}

/** Wraps 32 bytes by AES key wrap (RFC 3394): 40 bytes, without a nonce. */
export function wrapBytes(open: Session, input: RootName & { secret: Uint8Array }): Uint8Array {
  const { api, module, session } = open;
  const root = rootKey(open, input);
  const secret = Buffer.from(input.secret);
  const object = module.C_CreateObject(session, [
    { type: api.CKA_CLASS, value: api.CKO_SECRET_KEY },
    { type: api.CKA_KEY_TYPE, value: api.CKK_GENERIC_SECRET },
    { type: api.CKA_TOKEN, value: false },
    { type: api.CKA_EXTRACTABLE, value: true },
    { type: api.CKA_VALUE, value: secret },
  ]);
  try {
    return module.C_WrapKey(session, { mechanism: api.CKM_AES_KEY_WRAP }, root, object, Buffer.alloc(256));
  } finally {
    module.C_DestroyObject(session, object);
    secret.fill(0);
  }
}

/** Opens what `wrapBytes` made; null where it does not unwrap under this key. */
export function unwrapBytes(open: Session, input: RootName & { wrapped: Uint8Array }): Uint8Array | null {
  const { api, module, session } = open;
  const root = rootKey(open, input);
  let object: Pkcs11.Handle;
  try {
    object = module.C_UnwrapKey(
      session,
      { mechanism: api.CKM_AES_KEY_WRAP },
      root,
      Buffer.from(input.wrapped),
      [
        { type: api.CKA_CLASS, value: api.CKO_SECRET_KEY },
        { type: api.CKA_KEY_TYPE, value: api.CKK_GENERIC_SECRET },
        { type: api.CKA_TOKEN, value: false },
        { type: api.CKA_SENSITIVE, value: false },
        { type: api.CKA_EXTRACTABLE, value: true },
      ],
    );
  } catch (error) {
    // a token says it in many ways; whether it is there at all is told by the root key, which must still be found
    rootKey(open, input);
    if (refusesData(error)) return null;
    throw error;
  }
  try {
    return attribute(open, object, api.CKA_VALUE);
  } finally {
    module.C_DestroyObject(session, object);
  }
}

/** CKR_GENERAL_ERROR, FUNCTION_FAILED, ARGUMENTS_BAD, DATA_*, ENCRYPTED_DATA_*, KEY_SIZE_RANGE, TEMPLATE_*, WRAPPED_KEY_* */
const dataRefusals: ReadonlySet<unknown> = new Set([
  0x05, 0x06, 0x07, 0x20, 0x21, 0x40, 0x41, 0x62, 0xd0, 0xd1, 0x110, 0x112,
]);

export function refusesData(error: unknown): boolean {
  return error instanceof Error && 'code' in error && dataRefusals.has(error.code);
}
