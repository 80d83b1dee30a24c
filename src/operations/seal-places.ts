/** What each kind of sealed thing is bound to: salt and identity of its envelope. */
type SealPlace = { readonly salt: Uint8Array; readonly info: string };

export type MaterialPlace = {
  readonly environment: string;
  readonly keyId: string;
  readonly version: number;
};

function utf8(text: string): Uint8Array {
  return Buffer.from(text, 'utf8');
}

export function materialInfo(place: MaterialPlace): string {
  return `claviger material ${place.environment} ${place.keyId} ${place.version}`;
}

export function shredPlace(keyId: string): SealPlace {
  return { salt: utf8(keyId), info: `claviger shred ${keyId}` };
}

export function smallPlace(what: string): SealPlace {
  return { salt: utf8(what), info: `claviger secret ${what}` };
}

export function fingerprintPlace(environment: string): SealPlace {
  return { salt: utf8(environment), info: `claviger fingerprint key ${environment}` };
}
