import { ClavigerError } from '#domain';

/** A token, and perhaps an object in it, as a PKCS #11 URI (RFC 7512) names them. */
export type TokenPlace = {
  /** Label of the token: never a slot number, which changes. */
  readonly token: string;
  readonly serial: string | null;
  /** Label of the object; null: none is named. */
  readonly object: string | null;
  /** CKA_ID, hexadecimal. */
  readonly id: string | null;
  readonly modulePath: string;
  /** `file:/path`, `env:NAME` or `fd:NUMBER`: never the PIN itself. */
  readonly pinSource: string;
};

const lengthMax = 4096;
//= rfc7512 2.3: pk11-res-avail and unreserved characters, and percent-encoded bytes
const pathValue = /^(?:[A-Za-z0-9\-._~:[\]@!$'()*+,=&]|%[0-9A-Fa-f]{2})+$/;
const queryValue = /^(?:[A-Za-z0-9\-._~:[\]@!$'()*+,=/?|]|%[0-9A-Fa-f]{2})+$/;
const pathNames: readonly string[] = ['token', 'object', 'id', 'serial'];
const queryNames: readonly string[] = ['module-path', 'pin-source'];

function invalid(problem: string): ClavigerError {
  return new ClavigerError(
    'configuration-invalid',
    `The PKCS #11 URI ${problem}; write pkcs11:token=T;object=O?module-path=/path/module.so&pin-source=file:/path/pin`,
  );
}

type Grammar = {
  readonly separator: string;
  readonly names: readonly string[];
  readonly value: RegExp;
};

/** The attributes of one part, still encoded. What was written is never repeated in an error: it may hold a PIN. */
function attributes(text: string, grammar: Grammar): Map<string, string> {
  const found = new Map<string, string>();
  if (text === '') return found;
  for (const pair of text.split(grammar.separator)) {
    const at = pair.indexOf('=');
    const name = pair.slice(0, Math.max(0, at));
    if (name === 'pin-value') throw invalid('must not hold the PIN itself: use pin-source');
    if (!grammar.names.includes(name)) throw invalid(`may hold only ${grammar.names.join(', ')} there`);
    if (found.has(name)) throw invalid(`has ${name} twice`);
    const value = pair.slice(at + 1);
    if (!grammar.value.test(value)) throw invalid(`has a malformed ${name}`);
    found.set(name, value);
  }
  return found;
}

function decoded(found: Map<string, string>, name: string, bytesMax: number): string | null {
  const value = found.get(name);
  if (value === undefined) return null;
  let text: string;
  try {
    text = decodeURIComponent(value);
  } catch {
    throw invalid(`has a ${name} that is not UTF-8`);
  }
  // oxlint-disable-next-line no-control-regex -- they are what is refused
  if (/[\u0000-\u001f\u007f]/.test(text)) throw invalid(`has control characters in ${name}`);
  if (Buffer.byteLength(text) > bytesMax) throw invalid(`has too long a ${name}`);
  return text;
}

function idOf(found: Map<string, string>): string | null {
  const value = found.get('id');
  if (value === undefined) return null;
  const bytes: number[] = [];
  for (const [part] of value.matchAll(/%[0-9A-Fa-f]{2}|./g))
    bytes.push(part.length === 3 ? Number.parseInt(part.slice(1), 16) : part.charCodeAt(0));
  if (bytes.length > 64) throw invalid('has too long an id');
  return Buffer.from(bytes).toString('hex');
}

/** Reads a PKCS #11 URI. Throws `configuration-invalid`, which never quotes what was given. */
export function parsePkcs11Uri(text: string): TokenPlace {
  if (text.length > lengthMax) throw invalid('is too long');
  if (!text.startsWith('pkcs11:')) throw invalid('must begin with pkcs11:');
  const body = text.slice('pkcs11:'.length);
  const mark = body.indexOf('?');
  const [path, query] = mark < 0 ? [body, ''] : [body.slice(0, mark), body.slice(mark + 1)];
  const named = attributes(path, { separator: ';', names: pathNames, value: pathValue });
  const asked = attributes(query, { separator: '&', names: queryNames, value: queryValue });
  //= pkcs11 v2.40 base 3.2 (CK_TOKEN_INFO): a label has at most 32 bytes, a serial number 16
  const token = decoded(named, 'token', 32);
  const modulePath = decoded(asked, 'module-path', 1024);
  const pinSource = decoded(asked, 'pin-source', 1024);
  if (token === null) throw invalid('must name the token by its label');
  if (!modulePath?.startsWith('/')) throw invalid('needs module-path, an absolute path');
  if (pinSource === null || !/^(file:\/[^\s]|env:[A-Za-z_][A-Za-z0-9_]*$|fd:[0-9]{1,4}$)/.test(pinSource))
    throw invalid('needs pin-source: file:/path, env:NAME or fd:NUMBER');
  return {
    token,
    serial: decoded(named, 'serial', 16),
    object: decoded(named, 'object', 255),
    id: idOf(named),
    modulePath,
    pinSource,
  };
}
