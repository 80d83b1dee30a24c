import fs from 'node:fs';
import path from 'node:path';

export type Content = { readonly name: string; readonly bytes: Buffer };

/**
 * All files below a folder, named from it, while a server may be writing there: where one took its lasting name
 * meanwhile, all are read anew, so that none is missed and none is absent by accident.
 */
export function contentsOf(folder: string): readonly Content[] {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return fs
        .readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((name) => fs.statSync(path.join(folder, name)).isFile())
        .map((name) => ({ name, bytes: fs.readFileSync(path.join(folder, name)) }));
    } catch (error) {
      if (attempt === 50 || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}
