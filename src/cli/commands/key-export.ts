import { createPublicKey, type KeyObject } from 'node:crypto';
import fs from 'node:fs';
import { type Command, Option } from 'commander';
import type { Exported, ExportWrap } from '#sdk';
import { readAll, wholeNumber } from '../arguments.ts';
import { connect } from '../connect.ts';
import { CliError, exitCodes } from '../exit.ts';
import { facts, outputOption, show, table, type Shown } from '../output.ts';

type Wish = Shown & {
  readonly to?: string;
  readonly under?: string;
  readonly wrap?: string;
  readonly keyBlock?: boolean;
  readonly place: string;
  readonly holder: string;
  readonly keyVersion?: number;
  readonly out: string;
};

const wraps: Readonly<Record<string, ExportWrap>> = {
  'rsa-oaep-sha256': 'RSA_OAEP_SHA_256',
  'rsa-aes-key-wrap-sha256': 'RSA_AES_KEY_WRAP_SHA_256',
};

/** The recipient's key as SubjectPublicKeyInfo; a private key is not asked for, and not sent. */
async function recipientOf(file: string): Promise<Uint8Array> {
  const content = await readAll(file, 65_536);
  const isPem = content.includes('-----BEGIN');
  if (content.includes('PRIVATE KEY')) {
    content.fill(0);
    throw new CliError(exitCodes.usage, `${file} holds a private key: give the recipient's public key.`);
  }
  let key: KeyObject;
  try {
    key = createPublicKey(isPem ? content : { key: content, format: 'der', type: 'spki' });
  } catch {
    throw new CliError(exitCodes.usage, `${file} is no public key (PEM, or SubjectPublicKeyInfo in DER).`);
  }
  if (key.asymmetricKeyType !== 'rsa')
    throw new CliError(exitCodes.usage, `${file} is no RSA key: keys are wrapped for RSA keys only.`);
  return key.export({ format: 'der', type: 'spki' });
}

/** A file that was not there, readable by its owner alone; made before the key leaves, so that there is a place for it. */
function newFile(file: string): number {
  try {
    return fs.openSync(file, 'wx', 0o600);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST')
      throw new CliError(exitCodes.conflict, `${file} is there already: an export replaces nothing.`);
    throw new CliError(exitCodes.usage, `${file} can't be written (${code ?? 'unknown'}).`);
  }
}

async function exportKey(key: string, wish: Wish): Promise<void> {
  const { to, under, place, holder, keyVersion: version, out } = wish;
  if ((to === undefined) === (under === undefined))
    throw new CliError(exitCodes.usage, 'Say who can open it: --to FILE or --under KEY.');
  const common = { place, holder, ...(version === undefined ? {} : { version }) };
  const recipient = to === undefined ? null : await recipientOf(to);
  const file = newFile(out);
  let exported: Exported | null = null;
  try {
    const { keys } = connect();
    const wrap = wraps[wish.wrap ?? ''];
    exported = recipient
      ? await keys.exportTo(key, recipient, { ...common, ...(wrap ? { wrap } : {}) })
      : await keys.exportUnder(key, under ?? '', { ...common, form: wish.keyBlock ? 'TR_31_D' : 'AES_KWP' });
    fs.writeSync(file, exported.wrapped);
    fs.fsyncSync(file);
  } finally {
    fs.closeSync(file);
    if (!exported) fs.rmSync(out, { force: true });
  }
  const { wrapped: _wrapped, ...told } = exported;
  await show(wish.output, told, () =>
    facts({ key: told.keyId, version: told.version, wrap: told.wrap, file: out, copy: told.copy.id }),
  );
}

/** `key export`, `key copies`. */
export function addKeyExport(keys: Command): void {
  keys
    .command('export <key>')
    .description('take a key out that was made exportable, wrapped; the copy is registered')
    .option('--to <file>', "the recipient's RSA public key (PEM or DER)")
    .option('--under <key>', 'a key of usage wrap, in the same environment (AES-KWP)')
    .option('--key-block', 'with --under: a key block (TR-31, version D) of an AES or HMAC key')
    .addOption(new Option('--wrap <way>', 'how it is wrapped for an RSA key').choices(Object.keys(wraps)))
    .option('--key-version <number>', 'the version that leaves; else the newest', wholeNumber)
    .requiredOption('--place <text>', 'where the copy goes')
    .requiredOption('--holder <text>', 'who answers for it')
    .requiredOption('--out <file>', 'where the wrapped key is written; never replaces a file')
    .addHelpText(
      'after',
      '\nOnly principals of role exporter may. Who destroyed the copy says so: claviger escrow acknowledge COPY --destroyed',
    )
    .addOption(outputOption())
    .action(exportKey);
  keys
    .command('copies <key>')
    .description('the registered exports of a key')
    .addOption(outputOption())
    .action(async (key: string, { output }: Shown) => {
      const copies = await connect().keys.copies(key);
      await show(output, copies, () =>
        table(
          ['id', 'version', 'status', 'created', 'wrap', 'holder', 'place'],
          copies.map((copy) => [
            copy.id,
            Number(copy.detail['version']),
            copy.status,
            copy.createdAt,
            String(copy.detail['wrap']),
            copy.holder,
            copy.place,
          ]),
        ),
      );
    });
}
