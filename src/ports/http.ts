import type { ClavigerError, Instant } from '#domain';

/** One HTTP request, read whole: what a listener hands to a protocol. */
export type HttpRequest = {
  readonly method: string;
  /** The path as it was sent, without the query. */
  readonly path: string;
  /** What follows `?`, as it was sent; empty where there is none. */
  readonly query: string;
  /** Names and values in turn, as they were sent. */
  readonly rawHeaders: readonly string[];
  /** By lower-case name; several values of one name are joined as node:http does. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
  readonly remoteAddress: string;
  /** It came over TLS. */
  readonly secure: boolean;
  /**
   * The certificates that the client showed, DER, its own first; none where it showed none. That it has the key of the first is proved,
   * and nothing else. They are read only where somebody asks for them; absent: the listener hands none over.
   */
  readonly clientCertificates?: readonly Uint8Array[];
  readonly receivedAt: Instant;
};

export type HttpResponse = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
  /** Instead of a body: what is sent piece by piece. Where it fails, the connection is cut, so that nobody takes a part for the whole. */
  readonly stream?: AsyncIterable<Uint8Array>;
};

/** What a listener can't hand over; the protocol says it in its own shape. */
export type HttpProblem = 'body-too-large' | 'body-incomplete' | 'method-not-allowed' | 'shutting-down';

/** A protocol over HTTP, as a listener sees it: a sealed folder with one entrance. */
export interface HttpProtocol {
  readonly name: string;
  /** Whether a request belongs to this protocol, by its head alone. */
  readonly matches: (head: { method: string; path: string; headers: HttpRequest['headers'] }) => boolean;
  /** The largest body that it reads, in bytes. */
  readonly bodyMax: number;
  /** Never rejects: every failure is an answer in the protocol's shape. */
  readonly handle: (request: HttpRequest) => HttpResponse | Promise<HttpResponse>;
  readonly refuse: (problem: HttpProblem) => HttpResponse;
}

/** A request that a protocol answered with an error of the core. */
export type RequestFailure = {
  readonly protocol: string;
  readonly requestId: string;
  readonly request: Pick<HttpRequest, 'rawHeaders' | 'remoteAddress'>;
  readonly error: ClavigerError;
};

/** Hears of each of them once, so that the house can count and log what never came to its door. */
export type FailureListener = (failure: RequestFailure) => void;
