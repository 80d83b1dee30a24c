import { factsOf, hasCode, isDestroyed, type Key, type KeyVersion } from '#domain';
import { operations, publicKeyPem, rawPublicKeyOf, type ClearForm } from '#operations';
import type { Answer } from '../../answer.ts';
import { base64, type Fields } from '../../fields.ts';
import type { Asked, Route } from '../../route.ts';
import { absent, VaultError } from '../../vault-error.ts';
import { typeOf } from './key-types.ts';
import { fullName, isMissing, keyOf, lookUpKey } from './keys.ts';

const kinds = ['encryption-key', 'signing-key', 'hmac-key', 'public-key', 'certificate-chain'] as const;
type Kind = (typeof kinds)[number];

function kindOf(word: string): Kind {
  const kind = kinds.find((name) => name === word);
  if (!kind) throw new VaultError(400, `invalid export type: ${word.slice(0, 64)}`);
  return kind;
}

function formOf(fields: Fields): ClearForm {
  const word = fields.text('format') || 'traditional';
  if (word === 'traditional' || word === 'raw' || word === 'der' || word === 'pem') return word;
  throw new VaultError(400, `invalid format: ${word.slice(0, 64)}`);
}

/** The version of a path: `latest` or a number, with or without `v`; null: all of them. */
function versionOf(word: string): number | 'latest' | null {
  if (word === '' || word === 'latest') return word === '' ? null : 'latest';
  if (!/^v?[1-9][0-9]{0,8}$/.test(word)) throw new VaultError(400, 'invalid key version');
  return Number(word.replace('v', ''));
}

const noVersion = () => new VaultError(400, 'version does not exist or cannot be found');

/** An error of an export in Vault's words. */
function told(error: unknown, kind: Kind): unknown {
  if (isMissing(error)) return absent();
  if (hasCode(error, 'operation-unsupported'))
    return new VaultError(400, 'private key material is not exportable');
  if (hasCode(error, 'purpose-forbids'))
    return new VaultError(
      400,
      kind === 'signing-key' ? 'signing not supported for the key' : 'encryption not supported for the key',
    );
  if (hasCode(error, 'version-below-floor'))
    return new VaultError(400, 'version for export is below minimum decryption version');
  if (hasCode(error, 'key-not-found')) return noVersion();
  return error;
}

/** Numbers of versions, for an operation that does not know `latest`. */
async function numbersOf(asked: Asked): Promise<number[] | null> {
  const version = versionOf(asked.part('version'));
  if (version !== 'latest') return version === null ? null : [version];
  const key = await lookUpKey(asked);
  if (!key) throw absent();
  return [key.versions.at(-1)?.number ?? 1];
}

async function exportMaterial(asked: Asked, kind: Exclude<Kind, 'public-key'>): Promise<Answer> {
  const form = formOf(asked.fields);
  const usage = kind === 'encryption-key' ? 'encrypt' : kind === 'signing-key' ? 'sign' : null;
  const wish = {
    key: keyOf(asked),
    versions: await numbersOf(asked),
    part: kind === 'hmac-key' ? ('mac-key' as const) : ('material' as const),
    usage,
    form,
    place: `the answer to transit/export/${kind}, in plain text`,
    holder: asked.caller.principal.name,
  } as const;
  const { key, materials } = await asked.run(operations.exportInClear, wish).catch((error: unknown) => {
    throw told(error, kind);
  });
  const isText = kind !== 'hmac-key' && factsOf(key.spec).asymmetric;
  const keys: Record<string, string> = {};
  for (const { version, material } of materials) {
    const isPem = isText && material[0] === 0x2d;
    keys[String(version)] = isPem ? Buffer.from(material).toString('latin1') : base64(material);
    material.fill(0);
  }
  return { data: { name: asked.part('name'), type: typeOf(key).type, keys } };
}

function publicText(key: Key, { publicKey }: KeyVersion, form: ClearForm): string {
  if (!publicKey)
    throw new VaultError(400, `unknown key type ${typeOf(key).type} for export type public-key`);
  if (form === 'der') return base64(publicKey);
  const isRaw = form === 'raw' || (form === 'traditional' && key.spec === 'ED25519');
  if (!isRaw) return publicKeyPem(publicKey);
  if (key.spec === 'ED25519') return base64(rawPublicKeyOf(publicKey));
  throw new VaultError(400, 'unknown key format; supported values are ``, `der`, or `pem`');
}

async function exportPublic(asked: Asked): Promise<Answer> {
  const form = formOf(asked.fields);
  const wanted = versionOf(asked.part('version'));
  const key = await lookUpKey(asked);
  if (!key) throw absent();
  const floor = key.floors?.process ?? 1;
  const all = key.versions.filter(({ number, state }) => number >= floor && !isDestroyed(state));
  if (typeof wanted === 'number' && wanted < floor)
    throw new VaultError(400, 'version for export is below minimum decryption version');
  const chosen =
    wanted === null
      ? all
      : wanted === 'latest'
        ? all.slice(-1)
        : all.filter(({ number }) => number === wanted);
  if (chosen.length === 0) throw noVersion();
  const keys = Object.fromEntries(
    chosen.map((version) => [String(version.number), publicText(key, version, form)]),
  );
  return { data: { name: asked.part('name'), type: typeOf(key).type, keys } };
}

async function exportKey(asked: Asked): Promise<Answer> {
  const kind = kindOf(asked.part('type'));
  if (kind === 'certificate-chain')
    throw new VaultError(400, 'selected key version does not have a certificate chain imported');
  return kind === 'public-key' ? exportPublic(asked) : exportMaterial(asked, kind);
}

/** Wraps the versions of a key for the holder of an RSA key of the mount: what another server's `import` takes. */
async function exportWrapped(asked: Asked): Promise<Answer> {
  const { part, fields, run } = asked;
  const hash = (fields.text('hash') || 'SHA256').toUpperCase();
  if (hash !== 'SHA256')
    throw new VaultError(400, `unsupported hash function ${hash.slice(0, 16)}: material leaves under SHA256`);
  const source = { kind: 'name' as const, name: fullName(asked, part('source')) };
  const under = { kind: 'name' as const, name: fullName(asked, part('destination')) };
  const missing = (which: string) => (error: unknown) => {
    throw isMissing(error)
      ? new VaultError(400, `no such ${which} key to export`)
      : told(error, 'encryption-key');
  };
  const recipient = await run(operations.getPublicKey, { key: under }).catch(missing('destination'));
  const wanted = versionOf(part('version'));
  const key = await run(operations.describeKey, { key: source }).catch(missing('source'));
  const floor = key.floors?.process ?? 1;
  const latest = key.versions.at(-1)?.number ?? 1;
  const chosen = key.versions
    .filter(({ number, state }) => number >= floor && !isDestroyed(state))
    .map(({ number }) => number)
    .filter((number) => wanted === null || number === (wanted === 'latest' ? latest : wanted));
  if (chosen.length === 0) throw noVersion();
  const keys: Record<string, string> = {};
  for (const version of chosen) {
    const { wrapped } = await run(operations.exportKey, {
      key: source,
      version,
      place: `whoever holds transit key ${part('destination')}`,
      holder: asked.caller.principal.name,
      publicKey: recipient.publicKey,
      wrap: 'RSA_AES_KEY_WRAP_SHA_256',
    }).catch(missing('source'));
    keys[String(version)] = base64(wrapped);
  }
  return { data: { name: part('source'), type: typeOf(key).type, keys } };
}

export const exportRoutes: readonly Route[] = [
  {
    path: 'export/{type}/{name}',
    about: 'Takes the versions of an exportable key out, in plain text.',
    handlers: { read: exportKey },
  },
  {
    path: 'export/{type}/{name}/{version}',
    about: 'Takes one version of an exportable key out, in plain text.',
    handlers: { read: exportKey },
  },
  {
    path: 'byok-export/{destination}/{source}',
    about: 'Takes an exportable key out, wrapped under an RSA key.',
    handlers: { read: exportWrapped },
  },
  {
    path: 'byok-export/{destination}/{source}/{version}',
    about: 'Takes one version of an exportable key out, wrapped under an RSA key.',
    handlers: { read: exportWrapped },
  },
];
