import type { KeyObject } from 'node:crypto';

//= sp800-131a 3: signatures with SHA-1, MD5 and keys below 112 bits count no more
const signatures: ReadonlySet<string> = new Set([
  '1.2.840.113549.1.1.11', // sha256WithRSAEncryption
  '1.2.840.113549.1.1.12',
  '1.2.840.113549.1.1.13',
  '1.2.840.10045.4.3.2', // ecdsa-with-SHA256
  '1.2.840.10045.4.3.3',
  '1.2.840.10045.4.3.4',
  '1.3.101.112', // Ed25519
  '1.3.101.113', // Ed448
  '2.16.840.1.101.3.4.3.17', // ML-DSA-44
  '2.16.840.1.101.3.4.3.18',
  '2.16.840.1.101.3.4.3.19',
]);
const pss = '1.2.840.113549.1.1.10';

//= rfc4055 3.1: SHA-256, SHA-384 or SHA-512, and MGF1 with the same; whatever the length of the salt
const pssParameters =
  /^30[0-9a-f]{2}a00f300d06096086480165030402(?<hash>0[123])0500a11c301a06092a864886f70d010108300d06096086480165030402\k<hash>0500(a2030201[0-9a-f]{2}|a2040202[0-9a-f]{4})$/;

/** Whether a signature by an algorithm counts; `parameters` are in hexadecimal DER. */
export function isStrongSignature(algorithm: string, parameters: string): boolean {
  return signatures.has(algorithm) || (algorithm === pss && pssParameters.test(parameters));
}

const curves: ReadonlySet<string> = new Set(['prime256v1', 'secp384r1', 'secp521r1']);
const others: ReadonlySet<string> = new Set(['ed25519', 'ed448', 'ml-dsa-44', 'ml-dsa-65', 'ml-dsa-87']);
const modulusMin = 2048;

/** Whether a key is large enough, and of a kind that is known. */
export function isStrongKey({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  if (asymmetricKeyType === 'rsa' || asymmetricKeyType === 'rsa-pss')
    return (asymmetricKeyDetails?.modulusLength ?? 0) >= modulusMin;
  if (asymmetricKeyType === 'ec') return curves.has(asymmetricKeyDetails?.namedCurve ?? '');
  return others.has(asymmetricKeyType ?? '');
}
