import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { ClavigerError, StopError } from '#domain';
import { calls, type CallName } from './calls.ts';
import { readPin } from './pin.ts';
import { returnValue, Token } from './token.ts';
import type { TokenPlace } from './uri.ts';

/** What the thread is told; `probe` and `close` are the thread's own. */
export type Request = { readonly id: number; readonly call: CallName | 'probe'; readonly input: unknown };

export type Answer =
  | { readonly id: number; readonly ok: true; readonly output: unknown }
  | {
      readonly id: number;
      readonly ok: false;
      readonly code: ClavigerError['code'];
      readonly message: string;
      readonly stop: boolean;
    };

function failure(id: number, error: unknown): Answer {
  if (error instanceof ClavigerError)
    return { id, ok: false, code: error.code, message: error.message, stop: error instanceof StopError };
  const code = returnValue(error);
  const said = code === null ? '' : ` (return value 0x${code.toString(16)})`;
  return { id, ok: false, code: 'internal', message: `The token refused a call${said}.`, stop: false };
}

/** Wipes what came with a request, once no call can be repeated with it. */
function wipe(input: unknown): void {
  if (typeof input !== 'object' || input === null) return;
  for (const value of Object.values(input)) if (value instanceof Uint8Array) value.fill(0);
}

function serve(place: TokenPlace): void {
  let token: Token | null = null;
  parentPort?.on('message', (request: Request | 'close') => {
    if (request === 'close') {
      token?.close();
      parentPort?.close();
      return;
    }
    const { id, call, input } = request;
    let answer: Answer;
    try {
      token ??= new Token(place, readPin(place.pinSource));
      const open = token;
      const output =
        call === 'probe' ? open.probe() : open.use((session) => calls[call](session, input as never));
      answer = { id, ok: true, output };
    } catch (error) {
      answer = failure(id, error);
    } finally {
      wipe(input);
    }
    parentPort?.postMessage(answer);
  });
}

// the module does nothing unless it is the program of a thread of ours
if (!isMainThread && (workerData as { pkcs11?: TokenPlace } | null)?.pkcs11)
  serve((workerData as { pkcs11: TokenPlace }).pkcs11);
