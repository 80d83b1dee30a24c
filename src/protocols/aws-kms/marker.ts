import type { Input } from './validate.ts';
import { AwsError } from './aws-error.ts';

const prefix = 'c1.';

/** The page that a request asks for. */
export function pageFrom(input: Input, usual = 100): { after: string | null; limit: number } {
  const marker = input.text('Marker');
  const limit = input.number('Limit') ?? usual;
  if (marker === null) return { after: null, limit };
  const after = Buffer.from(marker.slice(prefix.length), 'base64url').toString('utf8');
  if (!marker.startsWith(prefix) || after === '' || markerOf(after) !== marker) {
    throw new AwsError('InvalidMarkerException', 'Invalid marker');
  }
  return { after, limit };
}

function markerOf(after: string): string {
  return prefix + Buffer.from(after, 'utf8').toString('base64url');
}

/** The end of every list answer. */
export function pageEnd(next: string | null): object {
  return next === null ? { Truncated: false } : { Truncated: true, NextMarker: markerOf(next) };
}
