import type { Instant } from './key.ts';

/** What a role lets a principal do in its environment; `access` holds the table of permissions. */
export const roles = ['administrator', 'operator', 'user', 'auditor', 'exporter'] as const;
export type Role = (typeof roles)[number];

/** Who may ask: a person, a service or a workload, in one environment. */
export type Principal = {
  readonly id: string;
  readonly environment: string;
  readonly name: string;
  readonly kind: 'user' | 'service' | 'workload';
  readonly roles: readonly Role[];
  readonly createdAt: Instant;
  readonly disabled: boolean;
};

/** An environment: a wall with its own key-encryption key, principals and names. */
export type Environment = {
  /** Lower case, 1 to 63 of `a-z0-9-`. */
  readonly name: string;
  /** The account number by which AWS clients know it: 12 digits. */
  readonly accountId: string;
  readonly createdAt: Instant;
};

/** The account root: the principal form by which a key policy hands the decision to the roles of its environment. */
export function accountRootArn(accountId: string): string {
  return `arn:aws:iam::${accountId}:root`;
}

/** The ARN by which key policies name a principal. */
export function principalArn(accountId: string, name: string): string {
  return `arn:aws:iam::${accountId}:user/${name}`;
}
