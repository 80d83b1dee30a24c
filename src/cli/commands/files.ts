import fs from 'node:fs';
import { stdin, stdout } from 'node:process';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { decryptStream, encryptStream } from '#sdk';
import { connect } from '../connect.ts';
import { CliError, exitCodes } from '../output.ts';
import { withProgress } from '../progress.ts';

type Places = { in?: string; out?: string; force?: boolean };

function source({ in: file }: Places): { stream: AsyncIterable<Uint8Array>; size: number | null } {
  if (file === undefined || file === '-') return { stream: stdin, size: null };
  try {
    const size = fs.statSync(file).size;
    return { stream: fs.createReadStream(file, { highWaterMark: 1 << 20 }), size };
  } catch {
    throw new CliError(exitCodes.notFound, `There is no file ${file} that can be read.`);
  }
}

/** Writes to a file beside the wanted one and puts it in place at the end, or to the standard output. */
async function write(places: Places, content: AsyncIterable<Uint8Array>): Promise<void> {
  const { out } = places;
  if (out === undefined || out === '-') {
    if (stdout.isTTY && !places.force) {
      throw new CliError(
        exitCodes.usage,
        'Binary data is not written to a terminal.',
        'add --out FILE, or --force',
      );
    }
    await pipeline(content, stdout, { end: false });
    return;
  }
  if (fs.existsSync(out) && !places.force) {
    throw new CliError(exitCodes.conflict, `${out} is there already.`, 'add --force to replace it');
  }
  const fresh = `${out}.claviger-${process.pid}`;
  try {
    await pipeline(
      content,
      fs.createWriteStream(fresh, { flags: 'wx', mode: 0o600, highWaterMark: 1 << 21 }),
    );
    fs.renameSync(fresh, out);
  } catch (error) {
    fs.rmSync(fresh, { force: true });
    throw error;
  }
}

function contextOf(pairs: readonly string[]): Record<string, string> {
  const context: Record<string, string> = {};
  for (const pair of pairs) {
    const mark = pair.indexOf('=');
    if (mark < 1) throw new CliError(exitCodes.usage, `The context ${pair} is not NAME=VALUE.`);
    context[pair.slice(0, mark)] = pair.slice(mark + 1);
  }
  return context;
}

function readAll({ in: file }: Places): Buffer {
  try {
    return fs.readFileSync(file === undefined || file === '-' ? 0 : file);
  } catch {
    throw new CliError(exitCodes.notFound, `${file ?? 'The standard input'} can't be read.`);
  }
}

const collect = (value: string, all: string[]): string[] => [...all, value];

/** `encrypt`, `decrypt`, `sign`, `verify`, `random`. */
export function addFileCommands(program: Command): void {
  const places = (command: Command) =>
    command
      .option('--in <file>', 'read from a file; else from the standard input')
      .option('--out <file>', 'write to a file; else to the standard output')
      .option('--force', 'replace a file, or write binary data to a terminal');

  places(program.command('encrypt').description('encrypt a file or pipe of any size'))
    .requiredOption('--key <key>', 'id or name of the key')
    .option('--context <name=value>', 'what the file belongs to; the same is needed to decrypt', collect, [])
    .action(async (wish: Places & { key: string; context: string[] }) => {
      const context = contextOf(wish.context);
      const { stream, size } = source(wish);
      const fileKey = await connect().dataKey(wish.key, context);
      try {
        await write(wish, encryptStream(withProgress(stream, size), fileKey, context));
      } finally {
        fileKey.plaintext.fill(0);
      }
    });

  places(program.command('decrypt').description('decrypt what encrypt made'))
    .option('--context <name=value>', 'what the file must belong to', collect, [])
    .action(async (wish: Places & { context: string[] }) => {
      const client = connect();
      const wanted = contextOf(wish.context);
      const { stream, size } = source(wish);
      const openKey = async (wrapped: Uint8Array, context: Readonly<Record<string, string>>) => {
        for (const [name, value] of Object.entries(wanted)) {
          if (context[name] === value) continue;
          throw new CliError(exitCodes.verificationFailed, `The file does not belong to ${name}=${value}.`);
        }
        return client.decrypt(wrapped, context);
      };
      await write(wish, decryptStream(withProgress(stream, size), openKey));
    });

  places(program.command('sign').description('sign a message of up to 64 KiB'))
    .requiredOption('--key <key>', 'id or name of the key')
    .option('--algorithm <name>', 'e.g. ECDSA_SHA_256; else the one that the key prefers')
    .action(async (wish: Places & { key: string; algorithm?: string }) => {
      const algorithm = wish.algorithm ? { algorithm: wish.algorithm } : {};
      const signature = await connect().sign(wish.key, readAll(wish), algorithm);
      await write(
        wish,
        (async function* one() {
          yield signature;
        })(),
      );
    });

  program
    .command('verify')
    .description('check a signature; exit code 8 where it is not that of the message')
    .requiredOption('--key <key>', 'id or name of the key')
    .requiredOption('--signature <file>', 'the signature')
    .option('--in <file>', 'the message; else the standard input')
    .option('--algorithm <name>', 'the algorithm of the signature')
    .action(async (wish: Places & { key: string; signature: string; algorithm?: string }) => {
      const algorithm = wish.algorithm ? { algorithm: wish.algorithm } : {};
      const signature = readAll({ in: wish.signature });
      if (!(await connect().verify(wish.key, readAll(wish), signature, algorithm))) {
        throw new CliError(exitCodes.verificationFailed, 'The signature is not that of the message.');
      }
      process.stderr.write('The signature is good.\n');
    });

  program
    .command('random <bytes>')
    .description('random bytes from the server, in hexadecimal')
    .action(async (count: string) => {
      const bytes = await connect().random(Number(count));
      process.stdout.write(`${Buffer.from(bytes).toString('hex')}\n`);
    });
}
