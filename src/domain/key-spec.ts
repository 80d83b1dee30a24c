import { ClavigerError } from './errors.ts';
import { algorithmUsage, keyUsages, type AlgorithmName, type KeyUsage } from './algorithm.ts';

const yearSeconds = 31_536_000;

/** How long a version may protect (originator) and process (recipient), by time and by use. */
export type CryptoPeriod = {
  /** Seconds from activation during which the version may protect. */
  readonly originatorSeconds: number;
  /** Seconds from activation during which it may process; null: as long as it is needed. */
  readonly recipientSeconds: number | null;
  /** Protecting operations after which the version stops protecting; null: no bound. */
  readonly operationsMax: number | null;
  /** Protected bytes after which the version stops protecting; null: no bound. */
  readonly bytesMax: number | null;
};

export type KeyFamily =
  | 'aes'
  | 'chacha20'
  | 'hmac'
  | 'rsa'
  | 'ec'
  | 'edwards'
  | 'montgomery'
  | 'ml-dsa'
  | 'slh-dsa'
  | 'ml-kem'
  | 'derivation';

export type KeySpecFacts = {
  readonly family: KeyFamily;
  /** Security strength in bits against a classical attacker (SP 800-57 part 1, 5.6.1). */
  readonly strengthBits: number;
  /** NIST security category against a quantum attacker; 0: broken by one. */
  readonly quantumCategory: 0 | 1 | 2 | 3 | 5;
  readonly usages: readonly KeyUsage[];
  readonly algorithms: readonly AlgorithmName[];
  readonly cryptoPeriod: CryptoPeriod;
  /** Whether an OpenSSL FIPS provider offers it. */
  readonly fips: boolean;
  /** A pair of private and public key, or one secret. */
  readonly asymmetric: boolean;
  /** Bytes of the secret, of which each key of the spec says its own number; null: the spec says it all. */
  readonly sizes: { readonly min: number; readonly max: number } | null;
};

//= sp800-57p1r5 5.3.6, Table 1: originator periods of one to three years by key type
const symmetricData: CryptoPeriod = {
  originatorSeconds: 2 * yearSeconds,
  recipientSeconds: null,
  operationsMax: null,
  bytesMax: null,
};
//= sp800-38d 8.3: no more than 2^32 invocations of GCM with random 96-bit nonces under one key
const gcmData: CryptoPeriod = { ...symmetricData, operationsMax: 2 ** 32 };
const symmetricMac: CryptoPeriod = { ...symmetricData };
const privateSignature: CryptoPeriod = {
  originatorSeconds: 3 * yearSeconds,
  recipientSeconds: null,
  operationsMax: null,
  bytesMax: null,
};
const keyEstablishment: CryptoPeriod = {
  originatorSeconds: 2 * yearSeconds,
  recipientSeconds: null,
  operationsMax: null,
  bytesMax: null,
};
const derivationKey: CryptoPeriod = {
  originatorSeconds: yearSeconds,
  recipientSeconds: null,
  operationsMax: null,
  bytesMax: null,
};

const rsaSigning: readonly AlgorithmName[] = [
  'RSA_PSS_SHA_256',
  'RSA_PSS_SHA_384',
  'RSA_PSS_SHA_512',
  'RSA_PKCS1_SHA_256',
  'RSA_PKCS1_SHA_384',
  'RSA_PKCS1_SHA_512',
];

type FactsInput = Partial<KeySpecFacts> &
  Pick<KeySpecFacts, 'family' | 'strengthBits' | 'usages' | 'algorithms'>;

function facts(input: FactsInput): KeySpecFacts {
  return Object.freeze({
    quantumCategory: 0,
    cryptoPeriod: symmetricData,
    fips: true,
    asymmetric: false,
    sizes: null,
    ...input,
  });
}

function aes(bits: 128 | 192 | 256): KeySpecFacts {
  return facts({
    family: 'aes',
    strengthBits: bits,
    quantumCategory: bits === 128 ? 1 : bits === 192 ? 3 : 5,
    usages: ['encrypt', 'wrap', 'mac'],
    algorithms: [
      ...(bits === 256 ? (['XAES_256_GCM'] as const) : []),
      'AES_GCM',
      ...(bits === 192 ? [] : (['AES_GCM_SIV'] as const)),
      'AES_KW',
      'AES_KWP',
      'AES_CMAC',
    ],
    // XAES-256-GCM derives a key for each nonce prefix: the bound of GCM under one key does not apply to the key itself
    cryptoPeriod: bits === 256 ? symmetricData : gcmData,
  });
}

function hmac(bits: 224 | 256 | 384 | 512): KeySpecFacts {
  return facts({
    family: 'hmac',
    strengthBits: Math.min(bits, 256),
    quantumCategory: bits >= 256 ? 5 : 3,
    usages: ['mac'],
    algorithms: [`HMAC_SHA_${bits}`],
    cryptoPeriod: symmetricMac,
  });
}

function rsa(strengthBits: number): KeySpecFacts {
  return facts({
    family: 'rsa',
    strengthBits,
    usages: ['encrypt', 'sign'],
    algorithms: ['RSA_OAEP_SHA_1', 'RSA_OAEP_SHA_256', ...rsaSigning],
    cryptoPeriod: privateSignature,
    asymmetric: true,
  });
}

function ec(strengthBits: number, hash: 256 | 384 | 512, fips = true): KeySpecFacts {
  return facts({
    family: 'ec',
    strengthBits,
    usages: fips ? ['sign', 'key-agreement'] : ['sign'],
    algorithms: fips ? [`ECDSA_SHA_${hash}`, 'ECDH'] : [`ECDSA_SHA_${hash}`],
    cryptoPeriod: privateSignature,
    fips,
    asymmetric: true,
  });
}

function mlDsa(strengthBits: number, quantumCategory: 2 | 3 | 5): KeySpecFacts {
  return facts({
    family: 'ml-dsa',
    strengthBits,
    quantumCategory,
    usages: ['sign'],
    algorithms: ['ML_DSA'],
    cryptoPeriod: privateSignature,
    asymmetric: true,
  });
}

function slhDsa(strengthBits: 128 | 192 | 256): KeySpecFacts {
  return facts({
    family: 'slh-dsa',
    strengthBits,
    quantumCategory: strengthBits === 128 ? 1 : strengthBits === 192 ? 3 : 5,
    usages: ['sign'],
    algorithms: ['SLH_DSA'],
    cryptoPeriod: privateSignature,
    asymmetric: true,
  });
}

function mlKem(strengthBits: 128 | 192 | 256): KeySpecFacts {
  return facts({
    family: 'ml-kem',
    strengthBits,
    quantumCategory: strengthBits === 128 ? 1 : strengthBits === 192 ? 3 : 5,
    usages: ['encapsulate'],
    algorithms: ['ML_KEM'],
    cryptoPeriod: keyEstablishment,
    asymmetric: true,
  });
}

/** Facts of every key spec: the one table that decides what a key of a spec may do. Implementations stand in `crypto`. */
export const keySpecs = Object.freeze({
  __proto__: null as never,
  AES_128: aes(128),
  AES_192: aes(192),
  AES_256: aes(256),
  CHACHA20: facts({
    family: 'chacha20',
    strengthBits: 256,
    quantumCategory: 5,
    usages: ['encrypt'],
    algorithms: ['CHACHA20_POLY1305'],
    cryptoPeriod: gcmData,
    fips: false,
  }),
  HMAC_224: hmac(224),
  HMAC_256: hmac(256),
  HMAC_384: hmac(384),
  HMAC_512: hmac(512),
  HMAC: facts({
    family: 'hmac',
    strengthBits: 256,
    quantumCategory: 5,
    usages: ['mac'],
    algorithms: ['HMAC_SHA_256', 'HMAC_SHA_384', 'HMAC_SHA_512'],
    cryptoPeriod: symmetricMac,
    sizes: { min: 32, max: 512 },
  }),
  DERIVE_256: facts({
    family: 'derivation',
    strengthBits: 256,
    quantumCategory: 5,
    usages: ['derive'],
    algorithms: [
      'HKDF_SHA_256',
      'HKDF_SHA_384',
      'HKDF_SHA_512',
      'KBKDF_HMAC_SHA_256',
      'KBKDF_HMAC_SHA_384',
      'KBKDF_HMAC_SHA_512',
    ],
    cryptoPeriod: derivationKey,
  }),
  RSA_2048: rsa(112),
  RSA_3072: rsa(128),
  RSA_4096: rsa(152),
  EC_P256: ec(128, 256),
  EC_P384: ec(192, 384),
  EC_P521: ec(256, 512),
  EC_SECP256K1: ec(128, 256, false),
  ED25519: facts({
    family: 'edwards',
    strengthBits: 128,
    usages: ['sign'],
    algorithms: ['ED25519', 'ED25519_PH'],
    cryptoPeriod: privateSignature,
    asymmetric: true,
  }),
  ED448: facts({
    family: 'edwards',
    strengthBits: 224,
    usages: ['sign'],
    algorithms: ['ED448'],
    cryptoPeriod: privateSignature,
    asymmetric: true,
  }),
  X25519: facts({
    family: 'montgomery',
    strengthBits: 128,
    usages: ['key-agreement'],
    algorithms: ['X25519'],
    cryptoPeriod: keyEstablishment,
    fips: false,
    asymmetric: true,
  }),
  ML_DSA_44: mlDsa(128, 2),
  ML_DSA_65: mlDsa(192, 3),
  ML_DSA_87: mlDsa(256, 5),
  SLH_DSA_SHA2_128S: slhDsa(128),
  SLH_DSA_SHA2_128F: slhDsa(128),
  SLH_DSA_SHA2_192S: slhDsa(192),
  SLH_DSA_SHA2_192F: slhDsa(192),
  SLH_DSA_SHA2_256S: slhDsa(256),
  SLH_DSA_SHA2_256F: slhDsa(256),
  SLH_DSA_SHAKE_128S: slhDsa(128),
  SLH_DSA_SHAKE_128F: slhDsa(128),
  SLH_DSA_SHAKE_192S: slhDsa(192),
  SLH_DSA_SHAKE_192F: slhDsa(192),
  SLH_DSA_SHAKE_256S: slhDsa(256),
  SLH_DSA_SHAKE_256F: slhDsa(256),
  ML_KEM_512: mlKem(128),
  ML_KEM_768: mlKem(192),
  ML_KEM_1024: mlKem(256),
});

export type KeySpec = Exclude<keyof typeof keySpecs, '__proto__'>;

export const keySpecNames = Object.freeze(Object.keys(keySpecs) as KeySpec[]);

/** The facts of a spec. A name that is not in the table is never given a default. */
export function factsOf(spec: KeySpec): KeySpecFacts {
  return keySpecs[spec];
}

/** Specs of keys from which others are derived, one for each context. */
export const derivedSpecs = Object.freeze(['AES_128', 'AES_256', 'CHACHA20', 'ED25519'] as const);
export type DerivedSpec = (typeof derivedSpecs)[number];

/** Whether keys of a spec and usage can be such that each use is under a key derived for its context. */
export function canDerive({ spec, usage }: { readonly spec: KeySpec; readonly usage: KeyUsage }): boolean {
  return (derivedSpecs as readonly KeySpec[]).includes(spec) && (usage === 'encrypt' || usage === 'sign');
}

type Offer = {
  readonly spec: KeySpec;
  readonly usage: KeyUsage;
  readonly secondUsage?: KeyUsage | undefined;
  readonly derivation?: { readonly convergent: boolean } | undefined;
};

function offers(spec: KeySpec, usage: KeyUsage): boolean {
  return factsOf(spec).usages.includes(usage) && algorithmsFor(spec, usage).length > 0;
}

/** Refuses usages and derivations that keys of a spec do not have, as `purpose-forbids`. */
export function requireOffered({ spec, usage, secondUsage, derivation }: Offer): void {
  for (const wanted of secondUsage ? [usage, secondUsage] : [usage]) {
    if (offers(spec, wanted)) continue;
    throw new ClavigerError('purpose-forbids', `A key of spec ${spec} can't be used to ${wanted}.`, {
      details: { spec, usage: wanted },
    });
  }
  if (!derivation) return;
  // equal messages are equal ciphertexts only where there are ciphertexts
  if (canDerive({ spec, usage }) && (usage === 'encrypt' || !derivation.convergent)) return;
  throw new ClavigerError(
    'purpose-forbids',
    `Key derivation and convergent encryption are not supported for keys of spec ${spec} that are used to ${usage}.`,
    { details: { spec, usage } },
  );
}

const hmacSpecs: Readonly<Record<number, KeySpec>> = Object.freeze({
  __proto__: null as never,
  28: 'HMAC_224',
  32: 'HMAC_256',
  48: 'HMAC_384',
  64: 'HMAC_512',
});

/** A spec, and the bytes of a key of it where the spec leaves them to the key. */
export type SizedSpec = { readonly spec: KeySpec; readonly materialBytes?: number };

type Sized = { readonly spec: KeySpec; readonly materialBytes?: number | undefined };

/** What an HMAC key of so many bytes is: of the spec that is named after a hash of that length, else of `HMAC`. */
export function hmacSpecOf(bytes: number): SizedSpec {
  const named = hmacSpecs[bytes];
  return named ? { spec: named } : { spec: 'HMAC', materialBytes: bytes };
}

/** A spec with its size. Throws `input-invalid` for a size that the spec does not have, or none where the key must say one. */
export function sizedSpec({ spec, materialBytes }: Sized): SizedSpec {
  const { sizes } = factsOf(spec);
  if (sizes === null && materialBytes === undefined) return { spec };
  const isOne =
    sizes !== null &&
    materialBytes !== undefined &&
    Number.isSafeInteger(materialBytes) &&
    materialBytes >= sizes.min &&
    materialBytes <= sizes.max;
  if (isOne && hmacSpecOf(materialBytes).spec === spec) return { spec, materialBytes };
  const why = sizes
    ? `has ${sizes.min} to ${sizes.max} bytes, not those of another spec, and says how many`
    : 'has the size of its spec';
  throw new ClavigerError('input-invalid', `A key of spec ${spec} ${why}.`, {
    details: { field: 'materialBytes', spec },
  });
}

/** Ciphers that draw a random 96-bit nonce for each message under the key itself. */
const shortNonces: ReadonlySet<AlgorithmName> = new Set<AlgorithmName>(['AES_GCM', 'CHACHA20_POLY1305']);
//= sp800-38d 8.3: no more than 2^32 invocations under one key
const shortNoncesMax = 2 ** 32;

/**
 * How many protecting uses a version has for an algorithm, all its uses together; null: no bound. A key whose own period has none
 * (AES_256 with XAES-256-GCM) is still bound by the nonces of a cipher that it is asked for by name.
 */
export function operationsMaxFor(period: CryptoPeriod, algorithm: AlgorithmName | null): number | null {
  if (algorithm === null || !shortNonces.has(algorithm)) return period.operationsMax;
  return Math.min(period.operationsMax ?? shortNoncesMax, shortNoncesMax);
}

type ByUsage = Readonly<Record<KeyUsage, readonly AlgorithmName[]>>;

function byUsage({ algorithms }: KeySpecFacts): ByUsage {
  const of = (usage: KeyUsage) => Object.freeze(algorithms.filter((name) => algorithmUsage(name) === usage));
  return Object.freeze(Object.fromEntries(keyUsages.map((usage) => [usage, of(usage)])) as ByUsage);
}

const offered: Readonly<Record<KeySpec, ByUsage>> = Object.freeze(
  Object.fromEntries(keySpecNames.map((spec) => [spec, byUsage(keySpecs[spec])])) as Record<KeySpec, ByUsage>,
);

/** The algorithms that a key of this spec offers for one usage, the preferred one first. */
export function algorithmsFor(spec: KeySpec, usage: KeyUsage): readonly AlgorithmName[] {
  return offered[spec][usage];
}
