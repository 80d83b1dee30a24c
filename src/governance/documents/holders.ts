import type { DeviceFacts, PopulationHead, ProtocolFacts } from '../population.ts';

const transport =
  'TLS 1.2 or 1.3; without TLS the server starts only where nothing but the machine itself can reach it';

/** The ways by which callers reach keys. What is said of the transport is what the server enforces before it starts. */
export const servedProtocols: readonly ProtocolFacts[] = Object.freeze([
  {
    name: 'AWS KMS API',
    protection: `${transport}; each request signed by its caller (Signature Version 4, HMAC-SHA-256)`,
  },
  {
    name: 'Vault API',
    protection: `${transport}; bearer tokens, kept as hashes; client certificates where a method asks`,
  },
  { name: 'native API', protection: `${transport}; bearer tokens, kept as hashes` },
]);

/** What holds the root key, by the kind of the root of trust; others hold it in no device. */
const rootHolders: Readonly<Record<string, Pick<DeviceFacts, 'type' | 'name'>>> = Object.freeze({
  __proto__: null as never,
  pkcs11: { type: 'HSM', name: 'the PKCS #11 token of the root key' },
  'aws-kms': { type: 'KMS', name: 'the AWS KMS of the root key' },
  'vault-transit': { type: 'KMS', name: 'the Vault of the root key' },
});

/** What can be said of devices without anybody having listed them: the server itself, and what holds its root key. */
export function impliedDevices({ software, log, root }: PopulationHead): readonly DeviceFacts[] {
  const node = log === null ? 'the server' : `the server (${log.node})`;
  const holder = rootHolders[root];
  return [
    { type: 'KMS', name: node, model: software, place: null },
    ...(holder ? [{ ...holder, model: null, place: null }] : []),
  ];
}
