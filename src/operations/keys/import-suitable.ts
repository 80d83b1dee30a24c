import {
  decryptRsa,
  encryptRsa,
  openMaterial,
  randomBytes,
  type KeyMaterial,
  type SecretBytes,
  weaknessOf,
} from '#crypto';
import { ClavigerError, factsOf, hasCode, type KeySpec, type SizedSpec } from '#domain';

function unsuitable(why: string, cause?: unknown): ClavigerError {
  return new ClavigerError('material-unsuitable', `The key material can not be taken: ${why}.`, { cause });
}

/**
 * Opens material that came from outside, as a key of the spec, and of its size where that is the key's own. Throws `material-unsuitable` for what is not one, and for what
 * nobody should use: a pattern for a secret, numbers that can be found, a pair whose halves do not belong together.
 */
export async function openSuitable(
  { spec, materialBytes }: SizedSpec,
  material: SecretBytes,
): Promise<KeyMaterial> {
  if (materialBytes !== undefined && material.length !== materialBytes)
    throw unsuitable(`it does not have the ${materialBytes} bytes of the key`);
  const opened = open(spec, material);
  const weakness = await weaknessOf(spec, opened);
  if (weakness !== null) throw unsuitable(weakness);
  if (factsOf(spec).family === 'rsa') requireOneRsaPair(opened);
  return opened;
}

function open(spec: KeySpec, material: SecretBytes): KeyMaterial {
  try {
    return openMaterial(spec, material);
  } catch (cause) {
    if (hasCode(cause, 'integrity-failed'))
      throw unsuitable(`it is not that of a key of spec ${spec}`, cause);
    throw cause;
  }
}

//= sp800-56br2 6.4.1.2.1: the pairwise consistency of an RSA key that was made by somebody else
function requireOneRsaPair(pair: KeyMaterial): void {
  const probe = randomBytes(32);
  try {
    const back = decryptRsa('RSA_OAEP_SHA_256', pair, encryptRsa('RSA_OAEP_SHA_256', pair, probe));
    if (Buffer.from(back).equals(probe)) return;
  } catch (cause) {
    if (!(cause instanceof ClavigerError)) throw unsuitable('its halves do not belong together', cause);
  }
  throw unsuitable('its halves do not belong together');
}
