import type { Route } from './route.ts';

/** What is told of a path to who asks for help. */
export function helpOf(route: Route): Readonly<Record<string, unknown>> {
  const verbs = Object.keys(route.handlers).join(', ');
  return {
    help: `Request:        ${route.path}\nVerbs:          ${verbs}\n\n## DESCRIPTION\n\n${route.about}\n`,
    see_also: null,
    openapi: null,
  };
}
