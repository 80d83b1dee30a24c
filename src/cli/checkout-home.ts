import fs from 'node:fs';
import path from 'node:path';

/** The home that a checkout uses, where the program runs from one. */
export function checkoutHome(): string | null {
  const root = path.join(import.meta.dirname, '..', '..');
  return fs.existsSync(path.join(root, 'src', 'cli', 'main.mjs')) &&
    fs.existsSync(path.join(root, 'package-lock.json'))
    ? path.join(root, '.claviger')
    : null;
}
