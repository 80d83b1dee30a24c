import { ClavigerError, hasCode } from '#domain';
import type { OutsideRequest } from '#ports';
import type { House } from '../house.ts';

/** Something that another server did not answer as it should. The message names no more than what an administrator configured. */
export class OutsideError extends Error {}

/** The JSON object that another server answers, and its status. Throws an OutsideError. */
export async function askForJson(
  { outside }: Pick<House, 'outside'>,
  request: OutsideRequest,
): Promise<{ readonly status: number; readonly value: Readonly<Record<string, unknown>> }> {
  if (!outside) throw new ClavigerError('operation-unsupported', 'This server asks no other servers here.');
  let status: number;
  let body: Uint8Array;
  try {
    ({ status, body } = await outside.ask(request));
  } catch (cause) {
    if (hasCode(cause, 'busy')) throw cause;
    throw new OutsideError(`${new URL(request.url).origin} did not answer`, { cause });
  }
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return { status, value: value as Readonly<Record<string, unknown>> };
  } catch (cause) {
    throw new OutsideError(`${new URL(request.url).origin} answered with status ${status} and no JSON`, {
      cause,
    });
  }
  throw new OutsideError(`${new URL(request.url).origin} answered with status ${status} and no JSON object`);
}
