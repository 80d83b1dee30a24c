import { hasCode } from '#domain';
import type { Config } from '../config.ts';

/** What was looked at, how it is, and what to do. */
export type Finding = {
  readonly name: string;
  readonly state: 'ok' | 'warn' | 'fail';
  readonly detail: string;
  /** The next command or step; null where nothing is to be done. */
  readonly next: string | null;
};

export type Found = Omit<Finding, 'name'>;
export type Check = { readonly name: string; readonly look: (config: Config) => Found | Promise<Found> };

export const ok = (detail: string): Found => ({ state: 'ok', detail, next: null });
export const warn = (detail: string, next: string): Found => ({ state: 'warn', detail, next });
export const fail = (detail: string, next: string): Found => ({ state: 'fail', detail, next });

/** Looks; what can't be looked at fails, with its reason. */
export async function lookAt({ name, look }: Check, config: Config): Promise<Finding> {
  try {
    return { name, ...(await look(config)) };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    const next = hasCode(error, 'integrity-failed')
      ? 'stop the server, keep everything as it is, and run claviger audit verify'
      : 'correct this and run claviger doctor again';
    return { name, ...fail(detail, next) };
  }
}
