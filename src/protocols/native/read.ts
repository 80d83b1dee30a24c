import { ClavigerError } from '#domain';
import { readJsonObject, type JsonFault, type JsonObject } from '#encoding';

const depthMax = 8;

const messages: Readonly<Record<JsonFault, string>> = Object.freeze({
  'not-json': 'The body is not JSON in UTF-8.',
  'not-an-object': 'The body must be one object.',
  'member-twice': 'A member stands twice in one object.',
  'too-deep': 'The body is nested too deeply.',
  'ill-formed-text': 'A string is not well-formed Unicode.',
});

function invalid(message: string, field: string): ClavigerError {
  return new ClavigerError('input-invalid', message, { details: { field } });
}

/** The object in a request's body; an empty body is an empty object. Throws `input-invalid`. */
export function readBody(bytes: Uint8Array): JsonObject {
  const { value, fault } = readJsonObject(bytes, depthMax);
  if (fault !== null) throw invalid(messages[fault], 'body');
  return value;
}

/** The parameters of a query, each at most once. Throws `input-invalid`. */
export function readQuery(text: string): Readonly<Record<string, string>> {
  const pairs = [...new URLSearchParams(text)];
  if (new Set(pairs.map(([name]) => name)).size < pairs.length)
    throw invalid('A parameter stands twice in the query.', 'query');
  return Object.fromEntries(pairs);
}

/** One part of a path, decoded. Throws `input-invalid`. */
export function readPart(text: string): string {
  let part: string;
  try {
    part = decodeURIComponent(text);
  } catch {
    throw invalid('The path is not well encoded.', 'path');
  }
  if (/\p{Cc}/u.test(part)) throw invalid('The path holds control characters.', 'path');
  return part;
}
