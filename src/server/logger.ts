import type { Config } from './config.ts';

/** A structured line a call, JSON on stderr; never a secret, never a request body. */
export type Logger = {
  readonly debug: (message: string, facts?: LogFacts) => void;
  readonly info: (message: string, facts?: LogFacts) => void;
  readonly warn: (message: string, facts?: LogFacts) => void;
  readonly error: (message: string, facts?: LogFacts) => void;
};

export type LogFacts = Readonly<Record<string, string | number | boolean | null | undefined>>;

const levels = ['debug', 'info', 'warn', 'error', 'silent'] as const;

/** Logs from a level upwards. */
export function createLogger(
  level: Config['logLevel'],
  write = (line: string) => process.stderr.write(line),
): Logger {
  const least = levels.indexOf(level);
  const at = (name: (typeof levels)[number]) => {
    if (levels.indexOf(name) < least) return () => undefined;
    return (message: string, facts: LogFacts = {}) => {
      write(`${JSON.stringify({ time: new Date().toISOString(), level: name, message, ...facts })}\n`);
    };
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

const depthMax = 5;
const lengthMax = 2000;

/** An error for the log: its chain of messages, without stacks. */
export function describeError(error: unknown): string {
  const parts: string[] = [];
  let at: unknown = error;
  for (let depth = 0; depth < depthMax && at instanceof Error; depth += 1) {
    parts.push(sayError(at));
    at = at.cause;
  }
  return (parts.length > 0 ? parts.join(' <- ') : String(error)).slice(0, lengthMax);
}

function sayError(error: Error): string {
  if (error.name === 'ClavigerError' || error.name === 'StopError') return error.message;
  // the parser of JSON quotes what it could not read, which may be a secret
  if (error instanceof SyntaxError) return error.name;
  if (error instanceof AggregateError) return `${error.name}: ${error.errors.map(describeError).join('; ')}`;
  return `${error.name}: ${error.message}`;
}
