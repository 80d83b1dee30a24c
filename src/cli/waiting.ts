import type { ClientOptions } from '#sdk';

/** What looks at everything there is takes a while for a million keys. */
export const patience: Partial<ClientOptions> = { timeoutMillis: 600_000 };

const quietMillis = 1000;

/** Waits for an answer, and says on a terminal what is waited for, and how long. */
export async function waitingFor<T>(what: string, answer: Promise<T>): Promise<T> {
  if (!process.stderr.isTTY) return answer;
  const begin = performance.now();
  let shown = false;
  const timer = setInterval(() => {
    shown = true;
    process.stderr.write(`\r\u001b[K${what}: ${Math.round((performance.now() - begin) / 1000)} s`);
  }, quietMillis);
  try {
    return await answer;
  } finally {
    clearInterval(timer);
    if (shown) process.stderr.write('\r\u001b[K');
  }
}
