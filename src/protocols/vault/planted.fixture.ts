import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';

type Content = { readonly name: string; readonly bytes: Buffer };

/** All files of a home; where one took its lasting name meanwhile, all are read anew. */
function contentsOf(home: string): readonly Content[] {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return fs
        .readdirSync(home, { recursive: true, encoding: 'utf8' })
        .filter((name) => fs.statSync(path.join(home, name)).isFile())
        .map((name) => ({ name, bytes: fs.readFileSync(path.join(home, name)) }));
    } catch (error) {
      if (attempt === 20 || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}

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
