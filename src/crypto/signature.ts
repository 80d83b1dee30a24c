import { type AlgorithmName, ClavigerError } from '#domain';
import { algorithmOf } from './algorithms.ts';
import { handleOf, type KeyHandle, type KeyMaterial, privateKeyOf } from './key-handle.ts';
import type { MessageForm, SignatureForm } from './signature-shape.ts';

/**
 * Signs a message. ECDSA signatures are DER, all others the bytes of their standard. Throws `input-invalid`
 * for a digest of another length than the algorithm's, `operation-unsupported` for a form that the algorithm
 * does not have.
 */
export async function sign(
  algorithm: AlgorithmName,
  material: KeyMaterial,
  message: Uint8Array,
  form: MessageForm,
): Promise<Uint8Array> {
  const handle = handleOf(material);
  const entry = formOf(algorithm, handle, form);
  requireLength(entry, message);
  privateKeyOf(handle);
  return entry.sign(handle, message);
}

/**
 * Whether a signature is valid; false for anything malformed, whoever made it. Throws like `sign` for the
 * rest.
 */
export async function verify(
  algorithm: AlgorithmName,
  material: KeyMaterial,
  message: Uint8Array,
  signature: Uint8Array,
  form: MessageForm,
): Promise<boolean> {
  const handle = handleOf(material);
  const entry = formOf(algorithm, handle, form);
  requireLength(entry, message);
  return entry.verify(handle, message, signature);
}

/** The forms of a message that an algorithm takes with keys of this material's spec. */
export function messageForms(algorithm: AlgorithmName, material: KeyMaterial): readonly MessageForm[] {
  return Object.keys(algorithmOf('signature', algorithm, handleOf(material).spec).forms) as MessageForm[];
}

function formOf(algorithm: AlgorithmName, handle: KeyHandle, form: MessageForm): SignatureForm {
  const entry = algorithmOf('signature', algorithm, handle.spec).forms[form];
  if (entry) return entry;
  throw new ClavigerError('operation-unsupported', `${algorithm} does not take a message as ${form}.`, {
    details: { algorithm, form, spec: handle.spec },
  });
}

function requireLength(form: SignatureForm, message: Uint8Array): void {
  if (form.messageLength === null || message.length === form.messageLength) return;
  throw new ClavigerError('input-invalid', `The message must have ${form.messageLength} bytes here.`);
}
