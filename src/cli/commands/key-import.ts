import type { Command } from 'commander';
import { wrapMaterial } from '#sdk';
import { readAll, wholeNumber } from '../arguments.ts';
import { addConfirmation, requireConfirmed, type Confirmed } from '../confirm.ts';
import { connect } from '../connect.ts';
import { CliError, exitCodes } from '../exit.ts';
import type { FoundMaterial } from '../key-files/found.ts';
import { readMaterial } from '../key-material.ts';
import { outputOption, type Shown } from '../output.ts';
import { tellKey } from './key.ts';

type Wish = Shown & {
  readonly name?: string;
  readonly usage?: string;
  readonly owner?: string;
  readonly description?: string;
  readonly into?: string;
  readonly next?: boolean;
  readonly exportable?: boolean;
  readonly passphraseFile?: string;
  readonly entry?: string;
  readonly expires?: string;
};

type WrappedWish = Shown & {
  readonly under: string;
  readonly underVersion?: number;
  readonly keyBlock?: boolean;
  readonly expires?: string;
};

async function passphraseOf(file: string | undefined): Promise<Buffer | null> {
  if (file === undefined) return null;
  const text = await readAll(file, 4096);
  let end = text.length;
  while (end > 0 && (text[end - 1] === 10 || text[end - 1] === 13)) end -= 1;
  return text.subarray(0, end);
}

/** The key that the material is for: a new one, or the one that lost it. */
async function keyFor(
  found: FoundMaterial,
  { into, usage, name, owner, description, exportable }: Wish,
): Promise<string> {
  if (into !== undefined) return into;
  const made = await connect().keys.create({
    spec: found.spec,
    ...(found.spec === 'HMAC' ? { materialBytes: found.bytes.length } : {}),
    origin: 'imported',
    ...(usage === undefined ? {} : { usage }),
    ...(name === undefined ? {} : { name }),
    ...(owner === undefined ? {} : { owner }),
    ...(description === undefined ? {} : { description }),
    ...(exportable ? { exportable } : {}),
  });
  return made.id;
}

async function importFile(file: string, wish: Wish): Promise<void> {
  const passphrase = await passphraseOf(wish.passphraseFile);
  const content = await readAll(file, 65_536);
  let found: FoundMaterial | null = null;
  try {
    const usage =
      wish.into === undefined ? (wish.usage ?? 'encrypt') : (await connect().keys.show(wish.into)).usage;
    found = readMaterial(content, { usage, passphrase, entry: wish.entry ?? null });
    const { keys } = connect();
    const key = await keyFor(found, wish);
    const { token, publicKey, wrap } = await keys.importParameters(key);
    const wrapped = wrapMaterial(found.bytes, publicKey, wrap);
    const until = wish.expires === undefined ? {} : { expiresAt: wish.expires };
    const isNew = wish.next ? { isNew: true } : {};
    const done = await keys
      .importMaterial(key, { token, wrapped, ...until, ...isNew })
      .catch((error: unknown) => {
        if (wish.into === undefined)
          process.stderr.write(`claviger: key ${key} waits for its material (--into ${key})\n`);
        throw error;
      });
    await tellKey(wish.output, done);
  } finally {
    content.fill(0);
    found?.bytes.fill(0);
    passphrase?.fill(0);
  }
}

/** Material that is wrapped already: the key that it is for was made before, of origin imported. */
async function importWrapped(key: string, file: string, wish: WrappedWish): Promise<void> {
  const content = await readAll(file, 65_536);
  const wrapped = wish.keyBlock ? Buffer.from(content.toString('latin1').trim(), 'latin1') : content;
  const done = await connect().keys.importUnder(key, wish.under, {
    wrapped,
    form: wish.keyBlock ? 'TR_31_D' : 'AES_KWP',
    ...(wish.underVersion === undefined ? {} : { wrappingVersion: wish.underVersion }),
    ...(wish.expires === undefined ? {} : { expiresAt: wish.expires }),
  });
  await tellKey(wish.output, done);
}

/** `key import`, `key import-wrapped`, `key delete-material`. */
export function addKeyImport(keys: Command): void {
  keys
    .command('import <file>')
    .description('bring a key from outside: it is wrapped here, and never sent in clear; - for stdin')
    .option('--name <name>', 'name of the new key')
    .option('--usage <usage>', 'encrypt, sign, mac ...; else the first one of what the file holds')
    .option('--owner <owner>', 'who answers for it; else you')
    .option('--description <text>', 'what it is for')
    .option('--into <key>', 'a key that had this material before, instead of a new one')
    .option('--next', 'with --into: new material, which protects from the next rotation on (key rotate)')
    .option('--exportable', 'the new key may be exported again, wrapped for a recipient')
    .option('--passphrase-file <file>', 'passphrase of an encrypted private key or PKCS#12 file')
    .option(
      '--entry <name>',
      'the key to take from a file that has several: its alias, kid, or place 1, 2 ...',
    )
    .option('--expires <time>', 'when the material is deleted by itself, e.g. 2027-01-31T12:00:00Z')
    .addHelpText(
      'after',
      '\nFormats: PEM and DER of PKCS#8 (clear or encrypted), PKCS#1 and SEC 1; OpenSSH; PKCS#12; a JSON Web Key or a set of them; the raw bytes of a secret key.\nKeys: RSA of 2048, 3072 or 4096 bits, EC on P-256, P-384, P-521 or secp256k1, Ed25519, AES, HMAC of 28 or 32 to 512 bytes; weak ones are refused.\nThe file stays as it is: `claviger shred FILE` removes it.',
    )
    .addOption(outputOption())
    .action(importFile);
  keys
    .command('import-wrapped <key> <file>')
    .description('bring material that is wrapped under a key of the server (AES-KWP, or a key block)')
    .requiredOption('--under <key>', 'the key that wraps it, of usage wrap')
    .option('--under-version <number>', 'the version that wraps it; else the newest', wholeNumber)
    .option('--key-block', 'the file is a key block (TR-31, version D)')
    .option('--expires <time>', 'when the material is deleted by itself, e.g. 2027-01-31T12:00:00Z')
    .addHelpText('after', '\nThe key is made before: claviger key create --imported.')
    .addOption(outputOption())
    .action(importWrapped);
  const remove = keys
    .command('delete-material <key>')
    .description('delete imported material; the key stays, and takes the same material again')
    .addOption(outputOption());
  addConfirmation(remove).action(async (key: string, wish: Shown & Confirmed) => {
    const told = 'The key stops now. Only who has the material elsewhere can bring it back.\n';
    await requireConfirmed(key, wish, async () => told);
    const { keys: ours } = connect();
    const { origin } = await ours.show(key);
    if (origin !== 'imported')
      throw new CliError(
        exitCodes.conflict,
        `The material of ${key} was made here.`,
        'claviger key schedule-destroy',
      );
    await tellKey(wish.output, await ours.deleteMaterial(key));
  });
}
