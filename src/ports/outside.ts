/** A request to another server, named in the configuration of this one. */
export type OutsideRequest = {
  readonly method: 'GET' | 'POST';
  /** `https:`; `http:` only to the machine itself. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** Certificates of the only authorities that are trusted, PEM; null: those of the system. */
  readonly caPem: string | null;
};

export type OutsideAnswer = { readonly status: number; readonly body: Uint8Array };

/** Other servers. Answers are bounded in size and time, redirections are not followed, certificates are verified. */
export interface Outside {
  /** Rejects where there is no answer, or none within the bounds. */
  ask(request: OutsideRequest): Promise<OutsideAnswer>;
}
