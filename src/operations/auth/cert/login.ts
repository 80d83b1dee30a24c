import { z } from 'zod';
import type { Certificate } from '#access';
import { sha256Hex } from '#crypto';
import { defineOperation } from '../../define.ts';
import type { IssuedToken } from '../../tokens/issue.ts';
import { configAt } from '../method-records.ts';
import { methodAt, methodPath } from '../auth-mount.ts';
import { refuseLogin, signIn } from '../sign-in.ts';
import { metadataOf } from './matching.ts';
import { factsOf, recogniseClient } from './verify.ts';

const input = z.strictObject({
  mount: methodPath,
  /** The role that is to take it; empty: any. */
  name: z.string().max(256),
});
type Input = z.infer<typeof input>;

/** SHA-256 of the public key, hexadecimal. */
export function publicKeyDigest({ x509 }: Certificate): string {
  return sha256Hex(x509.publicKey.export({ type: 'spki', format: 'der' }));
}

const byKey = 'key:';
const nameMax = 512;

/** By which a mount knows a client: its common name, or its key where there is none. */
function nameOf(leaf: Certificate, key: string): string {
  const { commonName } = leaf.names;
  if (commonName === '') return `${byKey}${key}`;
  if (commonName.length <= nameMax && !commonName.startsWith(byKey)) return commonName;
  throw refuseLogin('the common name of the certificate is one that no client can have', factsOf(leaf));
}

/** Gives a token for the certificate that a client showed when it connected. */
export const logInByCertificate = defineOperation<Input, IssuedToken>({
  name: 'auth.log-in-by-certificate',
  kind: 'manage',
  input,
  targets: [],
  isOpen: true,
  run: async (work, { mount: path, name }) => {
    const { house, caller } = work;
    const { environment } = caller.principal;
    const mount = await methodAt(house, environment, path, ['cert']);
    const { leaf, role } = await recogniseClient(work, mount, name);
    const config = (await configAt(house, environment, mount, 'cert'))?.content;
    const key = publicKeyDigest(leaf);
    const meta = metadataOf(leaf, role);
    return signIn(work, {
      mount,
      name: nameOf(leaf, key),
      kind: 'workload',
      displayName: role.displayName === '' ? role.name : role.displayName,
      settings: role.settings,
      meta,
      aliasMeta: config?.enableIdentityAliasMetadata ? meta : null,
      role: role.name,
      loginPath: 'login',
      certificate: { mountId: mount.id, key, authority: leaf.authorityKeyId },
      facts: { role: role.name, ...factsOf(leaf) },
    });
  },
});
