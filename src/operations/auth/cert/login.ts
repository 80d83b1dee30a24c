import { z } from 'zod';
import type { Certificate } from '#access';
import { sha256Hex } from '#crypto';
import { defineOperation } from '../../define.ts';
import type { IssuedToken } from '../../tokens/issue.ts';
import { methodAt, methodPath } from '../auth-mount.ts';
import { signIn } from '../sign-in.ts';
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

/** Gives a token for the certificate that a client showed when it connected. */
export const logInByCertificate = defineOperation<Input, IssuedToken>({
  name: 'auth.log-in-by-certificate',
  kind: 'manage',
  input,
  targets: [],
  isOpen: true,
  run: async (work, { mount: path, name }) => {
    const { house, caller } = work;
    const mount = await methodAt(house, caller.principal.environment, path, ['cert']);
    const { leaf, role } = await recogniseClient(work, mount, name);
    const key = publicKeyDigest(leaf);
    return signIn(work, {
      mount,
      name: leaf.names.commonName === '' ? `key:${key}` : leaf.names.commonName,
      kind: 'workload',
      displayName: role.displayName === '' ? role.name : role.displayName,
      settings: role.settings,
      meta: metadataOf(leaf, role),
      role: role.name,
      loginPath: 'login',
      certificate: { mountId: mount.id, key, authority: leaf.authorityKeyId },
      facts: { role: role.name, ...factsOf(leaf) },
    });
  },
});
