import fs from 'node:fs';
import type { Command } from 'commander';
import { loadConfig } from '#server/configuration';
import { collect, wholeNumber } from '../arguments.ts';
import { checkoutHome } from '../checkout-home.ts';
import { connect } from '../connect.ts';
import { CliError, exitCodes } from '../exit.ts';
import { facts, outputOption, show, table, type Shown } from '../output.ts';

type Keys = { readonly holderKey: readonly string[]; readonly passphraseFile?: string };

function config() {
  return loadConfig({ env: process.env, checkoutHome: checkoutHome() });
}

function holderOptions(command: Command): Command {
  return command
    .option('--holder-key <file>', "a holder's private key, PEM; once for each holder", collect, [])
    .option('--passphrase-file <file>', "passphrase of the holders' keys that have one");
}

async function keysOf({ holderKey, passphraseFile }: Keys) {
  const { readHolderKeys } = await import('#server');
  return readHolderKeys(holderKey, passphraseFile ?? null);
}

function publicKeyOf(text: string): { name: string; publicKey: string } {
  const at = text.indexOf('=');
  const [name, file] = [text.slice(0, at), text.slice(at + 1)];
  if (at < 1) throw new CliError(exitCodes.usage, `${text} must be NAME=FILE, with the public key in FILE.`);
  try {
    return { name, publicKey: fs.readFileSync(file, 'utf8') };
  } catch {
    throw new CliError(exitCodes.notFound, `There is no file ${file} that can be read.`);
  }
}

/** `recovery holders set|list`, `recovery keygen`. */
function addRecovery(program: Command): void {
  const recovery = program.command('recovery').description('who together can open backups');
  recovery
    .command('keygen')
    .description("make a holder's key pair: FILE stays with the holder, FILE.pub is for the server")
    .requiredOption('--out <file>', 'where the private key goes')
    .option('--passphrase-file <file>', 'encrypt it under this passphrase')
    .action(async ({ out, passphraseFile }: { out: string; passphraseFile?: string }) => {
      const { makeHolderKeys } = await import('#server');
      const publicFile = await makeHolderKeys(out, passphraseFile ?? null);
      process.stderr.write(
        `claviger: ${out} stays with its holder; ${publicFile} is for recovery holders set\n`,
      );
    });
  const holders = recovery.command('holders').description('the recovery holders');
  holders
    .command('set')
    .description('set who can open the backups that are made from now on')
    .argument('<name=file...>', 'name and public key of each holder, PEM, P-256')
    .requiredOption('--threshold <count>', 'how many of them it takes, at least 2', wholeNumber)
    .action(async (pairs: string[], { threshold }: { threshold: number }) => {
      const set = await connect().recovery.setHolders({ threshold, holders: pairs.map(publicKeyOf) });
      process.stderr.write(
        `claviger: ${set.threshold} of ${set.holders.length} holders open new backups; claviger backup create makes one\n`,
      );
    });
  holders
    .command('list')
    .description('who can open the backups')
    .addOption(outputOption())
    .action(async ({ output }: Shown) => {
      const set = await connect().recovery.holders();
      const rows = (set?.holders ?? []).map(({ name }) => [name, set?.threshold ?? 0]);
      await show(output, set, () => table(['holder', 'needed together'], rows));
    });
}

type Made = Awaited<ReturnType<typeof import('#server')['escrowHome']>>;

function tellReplaced({ replaced }: Made): void {
  for (const { id, place } of replaced)
    process.stderr.write(
      `claviger: replaced: destroy ${place}, then: claviger escrow acknowledge ${id} --destroyed\n`,
    );
}

function addBackup(program: Command): void {
  const backup = program.command('backup').description('back the store up, and bring it back');
  backup
    .command('create')
    .description('back up the store, while it serves; with it goes a new escrow of the shred secrets')
    .requiredOption('--out <file>', 'where the backup goes')
    .option(
      '--escrow-out <file>',
      'where the escrow goes; else beside the backup, with .escrow behind its name',
    )
    .option('--no-escrow', 'make no escrow')
    .option('--with-audit', 'put the audit logs of this machine into it')
    .addOption(outputOption())
    .action(
      async (wish: Shown & { out: string; escrowOut?: string; escrow: boolean; withAudit?: boolean }) => {
        const { backupHome } = await import('#server');
        const escrowFile = wish.escrow ? (wish.escrowOut ?? `${wish.out}.escrow`) : null;
        const made = await backupHome(config(), {
          file: wish.out,
          withAudit: wish.withAudit ?? false,
          escrowFile,
        });
        await show(wish.output, made, () =>
          facts({
            backup: made.backup?.id,
            file: made.backup?.file,
            keys: made.backup?.manifest.keys,
            rows: made.backup?.manifest.rows,
            escrow: made.escrow?.file,
            'shred secrets': made.escrow?.secrets,
          }),
        );
        tellReplaced(made);
      },
    );
  addVerify(backup);
  addRestore(backup);
  addDrill(backup);
}

function addVerify(backup: Command): void {
  holderOptions(
    backup
      .command('verify')
      .description('look at a backup or escrow; with the keys of enough holders, at all of it'),
  )
    .argument('<file>', 'the backup or escrow')
    .addOption(outputOption())
    .action(async (file: string, wish: Shown & Keys) => {
      const { verifyFile } = await import('#server');
      const seen = await verifyFile(file, await keysOf(wish));
      const { head, bytes, opened, manifest, escrow } = seen;
      await show(wish.output, seen, () =>
        facts({
          kind: head.kind,
          id: head.id,
          created: head.createdAt,
          store: head.store,
          bytes,
          holders: `${head.threshold} of ${head.holders.map(({ name }) => name).join(', ')}`,
          keys: manifest?.keys,
          rows: manifest?.rows,
          'shred secrets': escrow?.secrets,
          checked: opened ? 'everything' : 'head and lengths only',
        }),
      );
      process.stderr.write(
        opened
          ? 'claviger: it is as it was written\n'
          : 'claviger: it has the right form; give --holder-key of enough holders to check its content\n',
      );
    });
}

function addRestore(backup: Command): void {
  holderOptions(
    backup
      .command('restore')
      .description('restore into a new, empty home, under the root of trust that is configured'),
  )
    .argument('<file>', 'the backup')
    .requiredOption('--escrow <file>', 'the newest escrow that there is')
    .option('--audit <folder>', 'audit logs that may know of later destructions')
    .addOption(outputOption())
    .action(async (file: string, wish: Shown & Keys & { escrow: string; audit?: string }) => {
      const { restoreHome } = await import('#server');
      const holderKeys = await keysOf(wish);
      const done = await restoreHome(config(), {
        file,
        escrow: wish.escrow,
        holderKeys,
        auditFolder: wish.audit ?? null,
      });
      await show(wish.output, done, () =>
        facts({
          keys: done.manifest.keys,
          'destroyed again': done.destroyedAgain,
          postponed: done.postponed,
          'without secret': done.withoutSecret.length,
        }),
      );
      for (const id of done.withoutSecret)
        process.stderr.write(`claviger: key ${id} has no secret in this escrow and can't be opened\n`);
      if (done.postponed > 0)
        process.stderr.write(
          `claviger: ${done.postponed} scheduled destructions can be called off for 7 more days: look at each\n`,
        );
      process.stderr.write('claviger: restored; next: claviger serve\n');
    });
}

function addDrill(backup: Command): void {
  holderOptions(
    backup
      .command('drill')
      .description('prove on a scratch store, key by key, that a backup brings every key back'),
  )
    .argument('<file>', 'the backup')
    .requiredOption('--escrow <file>', 'the newest escrow')
    .option('--no-record', 'do not take down on the keys that they were proven')
    .addOption(outputOption())
    .action(async (file: string, wish: Shown & Keys & { escrow: string; record: boolean }) => {
      const { drillBackup } = await import('#server');
      const onProgress = (done: number, of: number) => {
        if (process.stderr.isTTY && (done % 100 === 0 || done === of))
          process.stderr.write(`\r\u001b[K${done} of ${of} keys${done === of ? '\n' : ''}`);
      };
      const holderKeys = await keysOf(wish);
      const drill = await drillBackup(config(), {
        file,
        escrow: wish.escrow,
        holderKeys,
        record: wish.record,
        onProgress,
      });
      await show(
        wish.output,
        drill,
        () =>
          facts({
            proven: drill.proven,
            versions: drill.versions,
            destroyed: drill.destroyed,
            'not proven': drill.unproven.length,
            recorded: drill.recorded,
          }) +
          (drill.unproven.length > 0
            ? table(
                ['key', 'environment', 'why'],
                drill.unproven.map(({ id, environment, why }) => [id, environment, why]),
              )
            : ''),
      );
      if (drill.unproven.length > 0)
        throw new CliError(
          exitCodes.verificationFailed,
          `${drill.unproven.length} keys can't be recovered from this backup.`,
          'claviger backup create --out FILE',
        );
    });
}

function addEscrow(program: Command): void {
  const escrow = program.command('escrow').description('the shred secrets, and where copies of them lie');
  escrow
    .command('create')
    .description('make a new escrow, which replaces the one before')
    .requiredOption('--out <file>', 'where it goes')
    .addOption(outputOption())
    .action(async ({ out, output }: Shown & { out: string }) => {
      const { escrowHome } = await import('#server');
      const made = await escrowHome(config(), out);
      await show(output, made, () =>
        facts({
          escrow: made.escrow?.id,
          file: made.escrow?.file,
          'shred secrets': made.escrow?.secrets,
          'in the ledger': made.escrow?.destroyed,
        }),
      );
      tellReplaced(made);
    });
  escrow
    .command('register')
    .description('register one more copy of an escrow (or backup) that is known')
    .argument('<id>', 'id of the known copy')
    .requiredOption('--place <text>', 'where the new copy is')
    .requiredOption('--holder <name>', 'who answers for it')
    .action(async (id: string, { place, holder }: { place: string; holder: string }) => {
      const copy = await connect().recovery.registerCopy(id, place, holder);
      process.stdout.write(`${copy.id}\n`);
    });
  escrow
    .command('acknowledge')
    .description('say that a copy (an escrow, backup or export) was destroyed')
    .argument('<id>', 'id of the copy')
    .requiredOption('--destroyed', 'it was')
    .action(async (id: string) => {
      const copy = await connect().recovery.acknowledgeDestroyed(id);
      process.stderr.write(`claviger: ${copy.kind} ${copy.id} is destroyed\n`);
    });
  escrow
    .command('list')
    .description('escrows and where they lie')
    .option('--all', 'backups and exports too')
    .addOption(outputOption())
    .action(async ({ output, all }: Shown & { all?: boolean }) => {
      const copies = await connect().recovery.copies(all ? undefined : 'escrow');
      const rows = copies.map((copy) => [
        copy.id,
        copy.kind,
        copy.status,
        copy.createdAt,
        copy.holder,
        copy.place,
      ]);
      await show(output, copies, () => table(['id', 'kind', 'status', 'created', 'holder', 'place'], rows));
    });
}

/** `recovery`, `backup`, `escrow`. */
export function addRecoveryCommands(program: Command): void {
  addRecovery(program);
  addBackup(program);
  addEscrow(program);
}
