/** An answer of the server that is not a success, or none at all. */
export class ClavigerApiError extends Error {
  /**
   * Stable word for what happened, e.g. `key-not-found` (docs/errors.md); `unreachable` where no server answered, `timeout` where
   * none did in time, `not-claviger` where something else answered.
   */
  readonly code: string;
  /** The HTTP status; 0 without an answer. */
  readonly status: number;
  readonly requestId: string | null;

  constructor(
    code: string,
    message: string,
    facts: { status?: number; requestId?: string | null; cause?: unknown } = {},
  ) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = 'ClavigerApiError';
    this.code = code;
    this.status = facts.status ?? 0;
    this.requestId = facts.requestId ?? null;
  }
}
