import { algorithmsFor, factsOf, type AlgorithmName, type KeySpec, type KeyUsage } from '#domain';

type Primitive = 'ae' | 'key-wrap' | 'mac' | 'pke' | 'signature' | 'key-agree' | 'kem' | 'kdf';

/** The algorithm that a key of a spec and usage is made for, as CycloneDX names families. */
function familyOf(spec: KeySpec, algorithm: AlgorithmName): string {
  if (algorithm.startsWith('RSA_OAEP')) return 'RSAES-OAEP';
  if (algorithm.startsWith('RSA_PSS')) return 'RSASSA-PSS';
  if (algorithm.startsWith('RSA_PKCS1')) return 'RSASSA-PKCS1';
  if (algorithm.startsWith('ECDSA')) return 'ECDSA';
  if (algorithm === 'ECDH' || algorithm === 'X25519') return 'ECDH';
  if (algorithm === 'AES_CMAC') return 'CMAC';
  if (algorithm.startsWith('HKDF')) return 'HKDF';
  if (algorithm.startsWith('KBKDF')) return 'SP800-108';
  const { family } = factsOf(spec);
  const families: Readonly<Partial<Record<typeof family, string>>> = {
    aes: 'AES',
    chacha20: 'ChaCha20',
    hmac: 'HMAC',
    edwards: 'EdDSA',
    'ml-dsa': 'ML-DSA',
    'ml-kem': 'ML-KEM',
    'slh-dsa': 'SLH-DSA',
  };
  return families[family] ?? 'AES';
}

const curves: Readonly<Partial<Record<KeySpec, string>>> = Object.freeze({
  EC_P256: 'nist/P-256',
  EC_P384: 'nist/P-384',
  EC_P521: 'nist/P-521',
  EC_SECP256K1: 'secg/secp256k1',
  ED25519: 'other/Ed25519',
  ED448: 'other/Ed448',
  X25519: 'other/Curve25519',
});

const functions: Readonly<Record<KeyUsage, readonly string[]>> = Object.freeze({
  encrypt: ['keygen', 'encrypt', 'decrypt'],
  wrap: ['keygen', 'encrypt', 'decrypt'],
  sign: ['keygen', 'sign', 'verify'],
  mac: ['keygen', 'tag', 'verify'],
  'key-agreement': ['keygen', 'other'],
  encapsulate: ['keygen', 'encapsulate', 'decapsulate'],
  derive: ['keygen', 'keyderive'],
});

function primitiveOf(spec: KeySpec, usage: KeyUsage): Primitive {
  const primitives: Readonly<Record<KeyUsage, Primitive>> = {
    encrypt: factsOf(spec).asymmetric ? 'pke' : 'ae',
    wrap: 'key-wrap',
    sign: 'signature',
    mac: 'mac',
    'key-agreement': 'key-agree',
    encapsulate: 'kem',
    derive: 'kdf',
  };
  return primitives[usage];
}

/** The reference of the algorithm of keys of a spec and usage. */
export function algorithmRef(spec: KeySpec, usage: KeyUsage): string {
  return `algorithm:${spec}/${usage}`;
}

/** The component of an algorithm; null for a pair that no key can have. */
//= cyclonedx-1.7 cryptoProperties.algorithmProperties
export function algorithmComponent(spec: KeySpec, usage: KeyUsage): object | null {
  const [algorithm] = algorithmsFor(spec, usage);
  if (algorithm === undefined) return null;
  const { strengthBits, quantumCategory } = factsOf(spec);
  const curve = curves[spec];
  return {
    type: 'cryptographic-asset',
    'bom-ref': algorithmRef(spec, usage),
    name: `${spec} (${usage})`,
    cryptoProperties: {
      assetType: 'algorithm',
      algorithmProperties: {
        primitive: primitiveOf(spec, usage),
        algorithmFamily: familyOf(spec, algorithm),
        parameterSetIdentifier: spec.replace(/^[A-Z]+_(?=.)/, ''),
        ...(curve ? { ellipticCurve: curve } : {}),
        ...(algorithm === 'AES_GCM' || algorithm === 'XAES_256_GCM' ? { mode: 'gcm' } : {}),
        ...(algorithm.startsWith('RSA_OAEP') ? { padding: 'oaep' } : {}),
        cryptoFunctions: functions[usage],
        classicalSecurityLevel: strengthBits,
        nistQuantumSecurityLevel: quantumCategory,
      },
    },
  };
}
