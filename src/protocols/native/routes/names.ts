import { z } from 'zod';
import { operations } from '#operations';
import { keyOr, keyReference, keyText, pageOf, pageQuery } from '../fields.ts';
import { route, type PathParts, type Route } from '../route.ts';
import { nameAnswer, nameView, next } from '../views.ts';

/** The prefix lets a name of dots alone pass through clients that resolve paths. */
const nameIn = (path: PathParts): string => (path['name'] ?? '').replace(/^name:/, '');

/** Names of keys. */
export const nameRoutes: readonly Route[] = [
  route('GET /names', operations.listNames, {
    about: 'The names of the environment, or those of one key',
    query: { ...pageQuery, key: keyText.optional() },
    answer: z.strictObject({ names: z.array(nameAnswer), next }),
    input: ({ query }) => ({ key: keyOr(query.key ?? null), page: pageOf(query) }),
    output: (done) => ({ names: done.names.map(nameView), next: done.next }),
  }),
  route('POST /names', operations.createName, {
    about: 'Give a key a name',
    body: { name: z.string(), key: keyText },
    answer: nameAnswer,
    input: ({ body }) => ({ name: body.name, key: keyReference(body.key) }),
    output: nameView,
  }),
  route('PUT /names/{name}', operations.moveName, {
    about: 'Point a name to another key of the same usage and kind',
    body: { key: keyText },
    answer: nameAnswer,
    input: ({ path, body }) => ({ name: nameIn(path), key: keyReference(body.key) }),
    output: nameView,
  }),
  route('DELETE /names/{name}', operations.deleteName, {
    about: 'Take a name away; the key stays',
    answer: nameAnswer,
    input: ({ path }) => ({ name: nameIn(path) }),
    output: nameView,
  }),
];
