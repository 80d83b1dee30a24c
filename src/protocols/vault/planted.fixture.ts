import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';

/** Fails where a file of a home holds one of the texts: nothing that was given to log in is kept anywhere. */
export function assertNotKept(home: string, planted: readonly string[]): void {
  let seen = 0;
  for (const name of fs.readdirSync(home, { recursive: true, encoding: 'utf8' })) {
    const file = path.join(home, name);
    if (!fs.statSync(file).isFile()) continue;
    seen += 1;
    const bytes = fs.readFileSync(file);
    for (const text of planted) {
      assert.ok(!bytes.includes(text), `${name} holds ${text}`);
      assert.ok(!bytes.includes(Buffer.from(text).toString('base64')), `${name} holds ${text} in base64`);
    }
  }
  assert.ok(seen > 3, 'too few files were looked at');
}
