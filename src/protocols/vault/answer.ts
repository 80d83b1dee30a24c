import type { HttpResponse } from '#ports';
import type { VaultError } from './vault-error.ts';

export type AuthBlock = Readonly<Record<string, unknown>>;
export type WrapInfo = Readonly<Record<string, unknown>>;

/** What a route answers; null: it is done, and there is nothing to say (204). */
export type Answer = {
  readonly status?: number;
  readonly data?: Readonly<Record<string, unknown>> | null;
  readonly auth?: AuthBlock;
  readonly wrapInfo?: WrapInfo;
  readonly warnings?: readonly string[];
  readonly lease?: { readonly id: string; readonly seconds: number; readonly renewable: boolean };
  /** The members of `data` stand at the top, too, as some system paths have it. */
  readonly alsoOnTop?: true;
  /** An answer of no such shape, as it is. */
  readonly plain?: Readonly<Record<string, unknown>> | readonly unknown[];
  /** An answer that is no JSON. */
  readonly raw?: HttpResponse;
} | null;

const headers = Object.freeze({ 'content-type': 'application/json', 'cache-control': 'no-store' });

export type About = { readonly requestId: string; readonly mountType: string };

//= vault: every member of the envelope is always there
export function envelope(answer: Exclude<Answer, null>, { requestId, mountType }: About): object {
  const { data = null, auth = null, wrapInfo = null, warnings, lease } = answer;
  return {
    request_id: requestId,
    lease_id: lease?.id ?? '',
    renewable: lease?.renewable ?? false,
    lease_duration: lease?.seconds ?? 0,
    data,
    wrap_info: wrapInfo,
    warnings: warnings && warnings.length > 0 ? warnings : null,
    auth,
    mount_type: mountType,
    ...(answer.alsoOnTop ? data : {}),
  };
}

/** An answer as it goes out. */
export function responseOf(answer: Answer, about: About): HttpResponse {
  if (answer === null) return { status: 204, headers, body: '' };
  if (answer.raw) return answer.raw;
  const body = answer.plain ?? envelope(answer, about);
  return { status: answer.status ?? 200, headers, body: JSON.stringify(body) };
}

export function errorResponse({ status, errors, warnings }: VaultError): HttpResponse {
  const body = warnings.length > 0 ? { errors, warnings } : { errors };
  return { status, headers, body: JSON.stringify(body) };
}
