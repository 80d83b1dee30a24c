import { z } from 'zod';
import type { SecretBytes } from '#crypto';
import { defineCollection, documentSecretName, type Kept } from '../documents.ts';
import type { House } from '../house.ts';
import type { PlacedMount } from '../mounts/mounts.ts';
import { certConfigShape, certRoleShape } from './cert/settings.ts';
import { jwtConfigShape, jwtRoleShape } from './jwt/settings.ts';
import { kubernetesConfigShape, kubernetesRoleShape } from './kubernetes/settings.ts';

export const methodConfigShape = z.discriminatedUnion('method', [
  jwtConfigShape,
  kubernetesConfigShape,
  certConfigShape,
]);
export type MethodConfig = z.infer<typeof methodConfigShape>;
export const methodRoleShape = z.discriminatedUnion('method', [
  jwtRoleShape,
  kubernetesRoleShape,
  certRoleShape,
]);
export type MethodRole = z.infer<typeof methodRoleShape>;
export type Method = MethodRole['method'];

/** By the mount's id. */
export const methodConfigs = defineCollection<MethodConfig>('auth-config', methodConfigShape);
/** By `MOUNT/NAME`. */
export const methodRoles = defineCollection<MethodRole>('auth-role', methodRoleShape);

export type KeptConfig<M extends Method> = Kept<Extract<MethodConfig, { method: M }>>;
export type KeptRole<M extends Method> = Kept<Extract<MethodRole, { method: M }>>;

/** What serves the mounts of a type. */
export function methodOf(mount: PlacedMount): Method {
  return mount.type === 'kubernetes' || mount.type === 'cert' ? mount.type : 'jwt';
}

/** The configuration of a mount; null: there is none yet. */
export async function configAt<M extends Method>(
  house: House,
  environment: string,
  mount: PlacedMount,
  method: M,
): Promise<KeptConfig<M> | null> {
  const found = await methodConfigs.find(house, environment, mount.id);
  return found?.content.method === method ? (found as KeptConfig<M>) : null;
}

/** Names are the same in small and capital letters. */
export function methodRoleId(mount: PlacedMount, name: string): string {
  return `${mount.id}/${name.toLowerCase()}`;
}

export async function roleAt<M extends Method>(
  house: House,
  environment: string,
  mount: PlacedMount,
  { name, method }: { readonly name: string; readonly method: M },
): Promise<KeptRole<M> | null> {
  const found = await methodRoles.find(house, environment, methodRoleId(mount, name));
  return found?.content.method === method ? (found as KeptRole<M>) : null;
}

export function configSecretName(mountId: string): string {
  return documentSecretName(methodConfigs.name, mountId);
}

/** What of a configuration is secret; the caller disposes it. Null: nothing. */
export async function openConfigSecret(
  house: Pick<House, 'hierarchy'>,
  { document }: Kept<MethodConfig>,
): Promise<SecretBytes | null> {
  const { environment, id, sealed } = document;
  return sealed ? house.hierarchy.openSmall(environment, configSecretName(id), sealed) : null;
}
