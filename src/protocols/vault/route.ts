import type { Caller, Operation, PlacedMount } from '#operations';
import type { Answer } from './answer.ts';
import type { Fields } from './fields.ts';
import type { Verb } from './read-request.ts';
import { VaultError } from './vault-error.ts';

/** What a handler works with. */
export type Asked = {
  readonly verb: Verb;
  readonly route: Route;
  /** Seconds after which a wrapped answer ends; null: it is not to be wrapped. */
  readonly wrapSeconds: number | null;
  readonly mount: PlacedMount;
  /** The routes of all engines, by their type. */
  readonly engines: Readonly<Record<string, readonly Route[]>>;
  /** The parts of the path that the pattern names. */
  readonly part: (name: string) => string;
  readonly fields: Fields;
  readonly caller: Caller;
  readonly accountId: string;
  /** Whether the caller may do here what needs sudo. */
  readonly isPrivileged: boolean;
  /** Whether anything at all is allowed at or below a path. */
  readonly seesBelow: (path: string) => boolean;
  /** The token itself, for what is bound to it. */
  readonly token: string;
  /** Runs an operation as the caller, through the one door. */
  readonly run: <I, O>(operation: Operation<I, O>, input: NoInfer<I>) => Promise<O>;
};

export type Handler = (asked: Asked) => Promise<Answer>;

/** What one path of an engine answers, by verb. */
export type Route = {
  /** Parts in braces stand for one segment, with `...` behind the name for all that is left, which may be nothing. */
  readonly path: string;
  readonly about: string;
  /** It needs no token: it proves who asks by itself. */
  readonly open?: true;
  /** Every token may ask; the handler shows each what it may see. */
  readonly own?: true;
  /** Whether what an update would change is there: else the policy must let it be created. */
  readonly exists?: (asked: Asked) => Promise<boolean>;
  /** A slash at the end of all that is left means nothing. */
  readonly endsBare?: true;
  /** Names in the path are the same in small and capital letters: policies are asked about both. */
  readonly folds?: true;
  /** A policy must give `sudo` besides. */
  readonly sudo?: true;
  readonly handlers: Readonly<Partial<Record<Verb, Handler>>>;
};

/** Routes of an engine, found by the first segment of a path and then in their order. */
export type Router = (path: string) => Found | null;
export type Found = { readonly route: Route; readonly part: (name: string) => string };

type Compiled = { readonly route: Route; readonly pattern: RegExp; readonly names: readonly string[] };

function compile(route: Route): Compiled {
  const names: string[] = [];
  const pattern = route.path
    .split('/')
    .map((segment, index) => {
      const slash = index === 0 ? '' : '/';
      const match = /^\{([a-z]+)(\.\.\.)?\}$/.exec(segment);
      if (!match) return `${slash}${segment.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}`;
      names.push(match[1] ?? '');
      return match[2] ? (index === 0 ? '(.*)' : '(?:/(.*))?') : `${slash}([^/]+)`;
    })
    .join('');
  return { route, pattern: new RegExp(`^${pattern}$`, 'u'), names };
}

function firstOf(path: string): string {
  const slash = path.indexOf('/');
  return slash < 0 ? path : path.slice(0, slash);
}

/** A router over routes. A list's path ends with a slash, which no pattern has. */
export function routerOf(routes: readonly Route[]): Router {
  const byFirst = new Map<string, Compiled[]>();
  const open: Compiled[] = [];
  for (const compiled of routes.map(compile)) {
    const first = firstOf(compiled.route.path);
    if (first.startsWith('{')) open.push(compiled);
    else byFirst.set(first, [...(byFirst.get(first) ?? []), compiled]);
  }
  return (path) => {
    const trimmed = path.endsWith('/') ? path.slice(0, -1) : path;
    for (const list of [byFirst.get(firstOf(trimmed)) ?? [], open]) {
      for (const { route, pattern, names } of list) {
        const match = pattern.exec(route.path.endsWith('...}') ? path : trimmed);
        // a part that the pattern does not have is empty
        const partOf = (name: string) => (names.includes(name) ? match?.[names.indexOf(name) + 1] : '') ?? '';
        if (match) return { route, part: partOf };
      }
    }
    return null;
  };
}

//= vault: unsupported path
export function noRoute(path: string): VaultError {
  return new VaultError(404, `no handler for route "${path}". route entry not found.`);
}

export function unsupportedOperation(): VaultError {
  return new VaultError(405, '1 error occurred:\n\t* unsupported operation\n\n');
}
