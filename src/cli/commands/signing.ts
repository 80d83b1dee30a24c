import { Option, type Command } from 'commander';
import { readAll } from '../arguments.ts';
import { connect } from '../connect.ts';
import { CliError, exitCodes } from '../exit.ts';
import { addPlaces, requireWritable, write, type Places } from '../places.ts';

const messageMax = 65_536;

type Wish = Places & { readonly key: string; readonly algorithm?: string; readonly form?: string };

const algorithmOption = [
  '--algorithm <name>',
  'e.g. ECDSA_SHA_256; else the one that the key prefers',
] as const;
const formOption = () =>
  new Option('--form <form>', 'what the message is').choices(['raw', 'digest', 'external-mu']);

function wishOf({ algorithm, form }: Wish): { algorithm?: string; form?: string } {
  return { ...(algorithm ? { algorithm } : {}), ...(form ? { form } : {}) };
}

async function messageOf(wish: Wish): Promise<Buffer> {
  const message = await readAll(wish.in, messageMax + 1);
  if (message.length <= messageMax) return message;
  throw new CliError(
    exitCodes.usage,
    `Up to ${messageMax} bytes are signed whole.`,
    'give the raw digest of more: openssl dgst -sha256 -binary FILE | claviger sign --form digest ...',
  );
}

/** `sign`, `verify`. */
export function addSigningCommands(program: Command): void {
  addPlaces(program.command('sign').description('sign a message of up to 64 KiB, or a digest'))
    .requiredOption('--key <key>', 'id or name of the key')
    .option(...algorithmOption)
    .addOption(formOption())
    .action(async (wish: Wish) => {
      const message = await messageOf(wish);
      requireWritable(wish);
      const signature = await connect().sign(wish.key, message, wishOf(wish));
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
    .option(...algorithmOption)
    .addOption(formOption())
    .action(async (wish: Wish & { signature: string }) => {
      const signature = await readAll(wish.signature, messageMax);
      if (!(await connect().verify(wish.key, await messageOf(wish), signature, wishOf(wish)))) {
        throw new CliError(exitCodes.verificationFailed, 'The signature is not that of the message.');
      }
      process.stderr.write('The signature is good.\n');
    });
}
