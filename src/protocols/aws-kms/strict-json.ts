import { readJsonObject, type JsonFault, type JsonObject } from '#encoding';
import { AwsError } from './aws-error.ts';

export type { JsonObject };

const depthMax = 16;

const messages: Readonly<Record<JsonFault, string>> = Object.freeze({
  'not-json': 'The request body is not JSON in UTF-8.',
  'not-an-object': 'Start of structure or map found where not expected.',
  'member-twice': 'A member stands twice in one object.',
  'too-deep': 'The request is nested too deeply.',
  'ill-formed-text': 'A string of the request is not well-formed Unicode.',
});

/** The object that a body holds; an empty body is an empty object. Throws `SerializationException`. */
export function readBody(body: Uint8Array): JsonObject {
  const { value, fault } = readJsonObject(body, depthMax);
  if (fault === null) return value;
  throw new AwsError('SerializationException', messages[fault]);
}
