import fs from 'node:fs';

/** Name and version of the program, e.g. `claviger 0.1.0`. */
export function softwareName(): string {
  const text = fs.readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const { name, version } = JSON.parse(text) as { name: string; version: string };
  return `${name} ${version}`;
}
