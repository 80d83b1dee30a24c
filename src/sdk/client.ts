/** An answer of the server that is not a success. */
export class ClavigerApiError extends Error {
  /** Stable word for what happened, e.g. `key-not-found`; `unreachable` where no server answered. */
  readonly code: string;
  readonly status: number;
  readonly requestId: string | null;

  constructor(code: string, status: number, detail: string, requestId: string | null, cause?: unknown) {
    super(detail, cause === undefined ? undefined : { cause });
    this.name = 'ClavigerApiError';
    this.code = code;
    this.status = status;
    this.requestId = requestId;
  }
}

export type ClientOptions = {
  /** E.g. `http://127.0.0.1:8200`. */
  readonly address: string;
  readonly token: string;
  readonly timeoutMillis?: number;
  readonly fetch?: typeof fetch;
};

/** A key as the API tells it. */
export type KeyRecord = {
  readonly id: string;
  readonly environment: string;
  readonly spec: string;
  readonly usage: string;
  readonly state: string;
  readonly currentVersion: number;
  readonly owner: string;
  readonly description: string;
  readonly tier: string;
  readonly createdAt: string;
  readonly rotation: { readonly periodDays: number; readonly nextAt: string } | null;
  readonly destruction: { readonly dueAt: string; readonly waitingDays: number } | null;
  readonly versions: readonly {
    readonly number: number;
    readonly state: string;
    readonly createdAt: string;
  }[];
};

export type NewKey = {
  readonly name?: string;
  readonly spec?: string;
  readonly usage?: string;
  readonly owner?: string;
  readonly description?: string;
};

export type Context = Readonly<Record<string, string>>;
export type DataKey = {
  readonly keyId: string;
  readonly plaintext: Uint8Array;
  readonly ciphertext: Uint8Array;
};

type Json = Record<string, unknown>;

const retriesMax = 3;

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

function fromBase64(value: unknown): Uint8Array {
  return Buffer.from(String(value), 'base64');
}

/** A client of the native API. */
export type Client = ReturnType<typeof createClient>;

/** Makes a client. Reading requests are tried again when no server answers; nothing else ever is. */
export function createClient(options: ClientOptions) {
  const { token, timeoutMillis = 30_000 } = options;
  const send = options.fetch ?? fetch;
  const base = `${options.address.replace(/\/+$/, '')}/api/v1`;

  async function once(method: string, path: string, body: Json | null): Promise<Json> {
    let response: Response;
    try {
      response = await send(`${base}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body ? { 'content-type': 'application/json' } : {}),
        },
        ...(body ? { body: JSON.stringify(body) } : {}),
        signal: AbortSignal.timeout(timeoutMillis),
        redirect: 'error',
      });
    } catch (cause) {
      const late = cause instanceof Error && cause.name === 'TimeoutError';
      throw new ClavigerApiError(
        late ? 'timeout' : 'unreachable',
        0,
        `No answer from ${options.address}.`,
        null,
        cause,
      );
    }
    const answer = (await response.json().catch(() => ({}))) as Json;
    if (response.ok) return answer;
    const requestId = response.headers.get('x-request-id');
    const detail = typeof answer['detail'] === 'string' ? answer['detail'] : response.statusText;
    const code = typeof answer['code'] === 'string' ? answer['code'] : 'http-error';
    throw new ClavigerApiError(code, response.status, detail, requestId);
  }

  async function call(method: string, path: string, body: Json | null = null): Promise<Json> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await once(method, path, body);
      } catch (error) {
        const again = error instanceof ClavigerApiError && error.code === 'unreachable' && method === 'GET';
        if (!again || attempt >= retriesMax) throw error;
        await new Promise((done) => setTimeout(done, 50 * 2 ** attempt));
      }
    }
  }

  const part = encodeURIComponent;
  const keyPath = (key: string, rest = '') => `/keys/${part(key)}${rest}`;
  const keyCall = async (method: string, path: string, body: Json | null = null) =>
    (await call(method, path, body)) as unknown as KeyRecord;

  return {
    /** Any request of the API, for what has no method of its own here. */
    call,
    keys: {
      create: (wish: NewKey) => keyCall('POST', '/keys', wish),
      show: (key: string) => keyCall('GET', keyPath(key)),
      rotate: (key: string) => keyCall('POST', keyPath(key, '/rotate')),
      enable: (key: string) => keyCall('POST', keyPath(key, '/enable')),
      disable: (key: string) => keyCall('POST', keyPath(key, '/disable')),
      scheduleDestroy: (key: string, waitingDays: number) =>
        keyCall('POST', keyPath(key, '/schedule-destroy'), { waitingDays }),
      cancelDestroy: (key: string) => keyCall('POST', keyPath(key, '/cancel-destroy')),
      /** All keys of the environment, page by page. */
      async *list(): AsyncGenerator<KeyRecord> {
        let after: string | null = null;
        do {
          const query: string = after === null ? '' : `&after=${part(after)}`;
          const page = await call('GET', `/keys?limit=500${query}`);
          yield* page['keys'] as KeyRecord[];
          after = page['next'] as string | null;
        } while (after !== null);
      },
    },
    async encrypt(key: string, plaintext: Uint8Array, context: Context = {}): Promise<Uint8Array> {
      const done = await call('POST', keyPath(key, '/encrypt'), { plaintext: base64(plaintext), context });
      return fromBase64(done['ciphertext']);
    },
    async decrypt(ciphertext: Uint8Array, context: Context = {}): Promise<Uint8Array> {
      const done = await call('POST', '/decrypt', { ciphertext: base64(ciphertext), context });
      return fromBase64(done['plaintext']);
    },
    async dataKey(key: string, context: Context = {}): Promise<DataKey> {
      const done = await call('POST', keyPath(key, '/data-key'), { length: 32, context });
      return {
        keyId: String(done['keyId']),
        plaintext: fromBase64(done['plaintext']),
        ciphertext: fromBase64(done['ciphertext']),
      };
    },
    async sign(
      key: string,
      message: Uint8Array,
      wish: { form?: string; algorithm?: string } = {},
    ): Promise<Uint8Array> {
      const done = await call('POST', keyPath(key, '/sign'), { message: base64(message), ...wish });
      return fromBase64(done['signature']);
    },
    /** True, or false where the signature is another's; other failures throw. */
    async verify(
      key: string,
      message: Uint8Array,
      signature: Uint8Array,
      wish: { form?: string; algorithm?: string } = {},
    ): Promise<boolean> {
      try {
        const body = { message: base64(message), signature: base64(signature), ...wish };
        await call('POST', keyPath(key, '/verify'), body);
        return true;
      } catch (error) {
        if (error instanceof ClavigerApiError && error.code === 'signature-invalid') return false;
        throw error;
      }
    },
    async random(length: number): Promise<Uint8Array> {
      return fromBase64((await call('POST', '/random', { length }))['bytes']);
    },
    status: () => call('GET', '/status'),
  };
}
