import fs from 'node:fs';

type Manifest = { readonly name: string; readonly version: string };

function manifest(): Manifest {
  const text = fs.readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return JSON.parse(text) as Manifest;
}

/** Name and version of the program, e.g. `claviger 0.1.0`. */
export function softwareName(): string {
  const { name, version } = manifest();
  return `${name} ${version}`;
}

/** Version of the program, e.g. `0.1.0`. */
export function softwareVersion(): string {
  return manifest().version;
}
