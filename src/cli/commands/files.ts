import type { Command } from 'commander';
import { decryptStream, encryptStream } from '#sdk';
import { collect, pairsOf, wholeNumber } from '../arguments.ts';
import { connect } from '../connect.ts';
import { CliError, exitCodes } from '../exit.ts';
import { addPlaces, requireWritable, source, write, type Places } from '../places.ts';
import { withProgress } from '../progress.ts';

type Contexts = { readonly context: readonly string[] };

function contextOf({ context }: Contexts): Record<string, string> {
  return Object.fromEntries(pairsOf(context, 'context'));
}

/** `encrypt`, `decrypt`, `random`. */
export function addFileCommands(program: Command): void {
  addPlaces(program.command('encrypt').description('encrypt a file or pipe of any size'))
    .requiredOption('--key <key>', 'id or name of the key')
    .option('--context <name=value>', 'what the file belongs to; may be given several times', collect, [])
    .action(async (wish: Places & Contexts & { key: string }) => {
      const context = contextOf(wish);
      const { stream, size } = source(wish);
      requireWritable(wish);
      const fileKey = await connect().dataKey(wish.key, context);
      try {
        await write(wish, encryptStream(withProgress(stream, size), fileKey, context));
      } finally {
        fileKey.plaintext.fill(0);
      }
    });

  addPlaces(program.command('decrypt').description('decrypt what encrypt made'))
    .option('--context <name=value>', 'what the file must belong to', collect, [])
    .action(async (wish: Places & Contexts) => {
      const client = connect();
      const wanted = contextOf(wish);
      const { stream, size } = source(wish);
      requireWritable(wish);
      const openKey = async (wrapped: Uint8Array, context: Readonly<Record<string, string>>) => {
        for (const [name, value] of Object.entries(wanted)) {
          if (context[name] === value) continue;
          throw new CliError(exitCodes.verificationFailed, `The file does not belong to ${name}=${value}.`);
        }
        return client.decrypt(wrapped, context);
      };
      await write(wish, decryptStream(withProgress(stream, size), openKey));
    });

  program
    .command('random')
    .description('random bytes from the server, in hexadecimal')
    .argument('<bytes>', 'how many, 1 to 1024', wholeNumber)
    .option('--raw', 'the bytes themselves')
    .action(async (count: number, { raw }: { raw?: boolean }) => {
      const bytes = Buffer.from(await connect().random(count));
      process.stdout.write(raw ? bytes : `${bytes.toString('hex')}\n`);
    });
}
