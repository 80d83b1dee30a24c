import type { InitReport } from '#server';
import { loadConfig } from '#server/configuration';
import { checkoutHome } from './checkout-home.ts';

export const shamirRoot = 'shamir:';

/** The flag of a setting. */
export function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} <value>`;
}

/** What flags, environment and file say together. */
export function configFrom(flags: Record<string, string | undefined>) {
  return loadConfig({ env: process.env, flags, checkoutHome: checkoutHome() });
}

/** What a person is told of a home that was just made. */
export function tellMade({ home, environments, credentialsFile }: InitReport): string {
  const [first] = environments;
  return (
    `claviger: initialised ${home} (environment ${first?.name}, account ${first?.accountId})\n` +
    `claviger: the first administrator's credentials are in ${credentialsFile}; source it in a shell to use them\n`
  );
}
