import assert from 'node:assert/strict';
import { contentsOf } from '../../../test/contents.ts';

/** Fails where a file of a home holds one of the texts: nothing that was given to log in is kept anywhere. */
export function assertNotKept(home: string, planted: readonly string[]): void {
  const contents = contentsOf(home);
  for (const { name, bytes } of contents) {
    for (const text of planted) {
      assert.ok(!bytes.includes(text), `${name} holds ${text}`);
      assert.ok(!bytes.includes(Buffer.from(text).toString('base64')), `${name} holds ${text} in base64`);
    }
  }
  assert.ok(contents.length > 3, 'too few files were looked at');
}
