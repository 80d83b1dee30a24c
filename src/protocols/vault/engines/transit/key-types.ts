import { factsOf, hmacSpecOf, type Key, type KeySpec, type KeyUsage, type SizedSpec } from '#domain';
import { VaultError } from '../../vault-error.ts';

/** What a type of Vault is here. */
export type KeyKind = SizedSpec & { readonly usage: KeyUsage; readonly secondUsage?: KeyUsage };

const kinds: Readonly<Record<string, KeyKind>> = Object.freeze({
  __proto__: null as never,
  'aes128-gcm96': { spec: 'AES_128', usage: 'encrypt' },
  'aes256-gcm96': { spec: 'AES_256', usage: 'encrypt' },
  'chacha20-poly1305': { spec: 'CHACHA20', usage: 'encrypt' },
  ed25519: { spec: 'ED25519', usage: 'sign' },
  // a key pair of OpenBao does both
  'ecdsa-p256': { spec: 'EC_P256', usage: 'sign', secondUsage: 'key-agreement' },
  'ecdsa-p384': { spec: 'EC_P384', usage: 'sign', secondUsage: 'key-agreement' },
  'ecdsa-p521': { spec: 'EC_P521', usage: 'sign', secondUsage: 'key-agreement' },
  // a key pair of Vault does both
  'rsa-2048': { spec: 'RSA_2048', usage: 'encrypt', secondUsage: 'sign' },
  'rsa-3072': { spec: 'RSA_3072', usage: 'encrypt', secondUsage: 'sign' },
  'rsa-4096': { spec: 'RSA_4096', usage: 'encrypt', secondUsage: 'sign' },
  'aes128-cmac': { spec: 'AES_128', usage: 'mac' },
  'aes192-cmac': { spec: 'AES_192', usage: 'mac' },
  'aes256-cmac': { spec: 'AES_256', usage: 'mac' },
  'mldsa-44': { spec: 'ML_DSA_44', usage: 'sign' },
  'mldsa-65': { spec: 'ML_DSA_65', usage: 'sign' },
  'mldsa-87': { spec: 'ML_DSA_87', usage: 'sign' },
});

const latticeSpecs: Readonly<Record<string, KeySpec>> = {
  '44': 'ML_DSA_44',
  '65': 'ML_DSA_65',
  '87': 'ML_DSA_87',
};
const hashForm = /^slh-dsa-(sha2|shake)-(128|192|256)(s|f)$/;

/** An HMAC key whose size is that of the material that comes. */
export const arrivingHmac: KeyKind = Object.freeze({ spec: 'HMAC', usage: 'mac' });

/** Bytes of an HMAC key; null for every other one. */
export function hmacSizeOf({ spec, materialBytes }: Pick<Key, 'spec' | 'materialBytes'>): number | null {
  if (factsOf(spec).family !== 'hmac') return null;
  return materialBytes ?? Number(spec.slice('HMAC_'.length)) / 8;
}

/** The key that a type asks for. Throws in Vault's words for one that there is not. */
export function kindOf(type: string, keySize: number | undefined, parameterSet: string | undefined): KeyKind {
  if (type === 'hmac') {
    const size = keySize === undefined || keySize === 0 ? 32 : keySize;
    const sized = hmacSpecOf(size);
    const { min, max } = factsOf(sized.spec).sizes ?? { min: size, max: size };
    if (size < min || size > max)
      throw new VaultError(400, `invalid key size ${size}, must be between ${min} and ${max} bytes`);
    return { ...sized, usage: 'mac' };
  }
  if (keySize !== undefined && keySize !== 0)
    throw new VaultError(400, `invalid key_size ${keySize} for key type ${type}`);
  if (type === 'ml-dsa') {
    const spec = latticeSpecs[parameterSet ?? ''];
    if (spec) return { spec, usage: 'sign' };
    throw new VaultError(400, `invalid parameter set ${parameterSet ?? ''} for key type ml-dsa`);
  }
  if (type === 'slh-dsa') {
    const match = hashForm.exec(parameterSet ?? '');
    if (!match) throw new VaultError(400, `invalid parameter set ${parameterSet ?? ''} for key type slh-dsa`);
    return { spec: `SLH_DSA_${match[1]}_${match[2]}${match[3]}`.toUpperCase() as KeySpec, usage: 'sign' };
  }
  const kind = kinds[type];
  if (!kind) throw new VaultError(400, `unknown key type ${type}`);
  return kind;
}

/** What Vault calls a key, and its parameter set where the type has some. */
export function typeOf(key: Pick<Key, 'spec' | 'usage'>): {
  readonly type: string;
  readonly parameterSet?: string;
} {
  const { spec, usage } = key;
  if (factsOf(spec).family === 'hmac') return { type: 'hmac' };
  const hash = /^SLH_DSA_(SHA2|SHAKE)_(\d+)([SF])$/.exec(spec);
  if (hash) return { type: 'slh-dsa', parameterSet: `slh-dsa-${hash[1]}-${hash[2]}${hash[3]}`.toLowerCase() };
  for (const [type, kind] of Object.entries(kinds))
    if (kind.spec === spec && (kind.usage === usage || kind.secondUsage === usage)) return { type };
  return { type: spec.toLowerCase().replaceAll('_', '-') };
}

const keyNameForm = /^[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,120}[A-Za-z0-9_])?$/;

/** The name of a key inside its mount, checked. */
export function requireKeyName(name: string): string {
  if (!keyNameForm.test(name))
    throw new VaultError(400, `invalid key name ${JSON.stringify(name.slice(0, 64))}`);
  return name;
}
