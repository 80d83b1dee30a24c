import { z } from 'zod';
import { requireSafeUrl } from '../jwt/settings.ts';
import { refuse, requireSettings, tokenSettings, usualSettings } from '../token-settings.ts';

const text = z.string().max(2048);

export const kubernetesConfigShape = z.strictObject({
  method: z.literal('kubernetes'),
  host: text,
  /** PEM; empty: the authorities of the system. */
  caPem: z.string().max(65_536),
  issuer: text,
  disableIssuerValidation: z.boolean(),
  /** Sealed beside it is a token by which reviews are asked for; without one each token asks for its own. */
  hasReviewer: z.boolean(),
});
/** The API server that is asked about tokens. */
export type KubernetesConfig = z.infer<typeof kubernetesConfigShape>;

export const usualKubernetesConfig: KubernetesConfig = Object.freeze({
  method: 'kubernetes',
  host: '',
  caPem: '',
  issuer: '',
  disableIssuerValidation: true,
  hasReviewer: false,
});

const names = z.array(z.string().min(1).max(256)).max(500);

export const kubernetesRoleShape = z.strictObject({
  method: z.literal('kubernetes'),
  name: z.string(),
  /** `*` stands for any characters. */
  accountNames: names,
  accountNamespaces: names,
  /** Empty: the audience is that of the API server. */
  audience: text,
  aliasNameSource: z.enum(['serviceaccount_uid', 'serviceaccount_name']),
  settings: tokenSettings,
});
/** Which service accounts get a token. */
export type KubernetesRole = z.infer<typeof kubernetesRoleShape>;

export const usualKubernetesRole: Omit<KubernetesRole, 'name'> = Object.freeze({
  method: 'kubernetes',
  accountNames: [],
  accountNamespaces: [],
  audience: '',
  aliasNameSource: 'serviceaccount_uid',
  settings: usualSettings,
});

export function requireKubernetesConfig(config: KubernetesConfig): void {
  if (config.host === '') throw refuse('no host provided', 'kubernetes_host');
  requireSafeUrl(config.host, 'kubernetes_host');
}

export function requireKubernetesRole(role: KubernetesRole): void {
  requireSettings(role.settings);
  if (role.accountNames.length === 0)
    throw refuse('"bound_service_account_names" can not be empty', 'bound_service_account_names');
  if (role.accountNamespaces.length === 0)
    throw refuse('"bound_service_account_namespaces" can not be empty', 'bound_service_account_namespaces');
  if (role.accountNames.includes('*') && role.accountNamespaces.includes('*'))
    throw refuse('service_account_names and service_account_namespaces can not both be "*"');
}
