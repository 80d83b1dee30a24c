import { Worker } from 'node:worker_threads';
import { ClavigerError, StopError } from '#domain';
import type { CallInput, CallName, CallOutput } from './calls.ts';
import type { Answer, Request } from './token-thread.ts';
import type { TokenPlace } from './uri.ts';

/** A token as the rest of the process sees it. */
export interface TokenClient {
  readonly place: TokenPlace;
  call<N extends CallName>(name: N, input: CallInput<N>): Promise<CallOutput<N>>;
  /** Rejects with `root-unavailable` while the token does not answer. */
  probe(): Promise<void>;
  close(): Promise<void>;
}

type Waiting = { readonly resolve: (output: unknown) => void; readonly reject: (error: Error) => void };
type Thread = { readonly ask: (call: Request['call'], input: unknown) => Promise<unknown>; users: number };

/** Calls that may wait for the thread; more are told to come back. */
const waitingMax = 1024;
const closed = () => new ClavigerError('root-unavailable', 'The token is closed.');

/** One thread for each token in this process, so that a wrong PIN is tried once however many open it. */
const threads = new Map<string, Thread & { stop: () => Promise<void> }>();
/** Refusals outlive their threads: what was refused is not tried again in this process. */
const refusals = new Map<string, StopError>();

function programUrl(): URL {
  return new URL(
    import.meta.url.endsWith('.ts') ? './token-thread.ts' : './token-thread.js',
    import.meta.url,
  );
}

function startThread(place: TokenPlace, key: string) {
  const worker = new Worker(programUrl(), { workerData: { pkcs11: place } });
  const waiting = new Map<number, Waiting>();
  let next = 1;
  let ended: ClavigerError | null = null;
  worker.on('message', (answer: Answer) => {
    const asked = waiting.get(answer.id);
    waiting.delete(answer.id);
    if (waiting.size === 0) worker.unref();
    if (answer.ok) {
      asked?.resolve(answer.output);
      return;
    }
    const kind = answer.stop ? StopError : ClavigerError;
    const error = new kind(answer.code, answer.message);
    if (error instanceof StopError && error.message.includes('PIN')) refusals.set(key, error);
    asked?.reject(error);
  });
  const end = (cause?: unknown): void => {
    ended ??= new ClavigerError('root-unavailable', 'The thread of the token ended.', { cause });
    threads.delete(key);
    for (const asked of waiting.values()) asked.reject(ended);
    waiting.clear();
  };
  worker.on('error', end);
  const { promise: gone, resolve: over } = Promise.withResolvers<void>();
  worker.on('exit', () => {
    end();
    over();
  });
  worker.unref();
  return {
    users: 0,
    ask(call: Request['call'], input: unknown): Promise<unknown> {
      if (ended) return Promise.reject(ended);
      if (waiting.size >= waitingMax)
        return Promise.reject(new ClavigerError('busy', 'Too many calls wait for the token.'));
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      const id = next;
      next += 1;
      waiting.set(id, { resolve, reject });
      worker.ref();
      worker.postMessage({ id, call, input } satisfies Request);
      return promise;
    },
    async stop(): Promise<void> {
      threads.delete(key);
      worker.ref();
      worker.postMessage('close');
      await gone;
    },
  };
}

/** Opens a token; several of one process share a thread and a login. Nothing is asked of the token yet. */
export function openToken(place: TokenPlace): TokenClient {
  const key = JSON.stringify([place.modulePath, place.token, place.serial, place.pinSource]);
  let isOpen = true;
  let mine: (Thread & { stop: () => Promise<void> }) | null = null;

  function thread(): Thread {
    const refused = refusals.get(key);
    if (refused) throw refused;
    let known = threads.get(key);
    if (!known) {
      known = startThread(place, key);
      threads.set(key, known);
    }
    if (mine !== known) {
      known.users += 1;
      mine = known;
    }
    return known;
  }

  async function ask(call: Request['call'], input: unknown): Promise<unknown> {
    if (!isOpen) throw closed();
    return thread().ask(call, input);
  }

  return {
    place,
    call: <N extends CallName>(name: N, input: CallInput<N>) => ask(name, input) as Promise<CallOutput<N>>,
    probe: async () => void (await ask('probe', null)),
    async close() {
      if (!isOpen) return;
      isOpen = false;
      if (!mine) return;
      mine.users -= 1;
      if (mine.users === 0) await mine.stop();
    },
  };
}
