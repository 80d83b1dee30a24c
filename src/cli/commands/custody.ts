import { Option, type Command } from 'commander';
import { ClavigerApiError, type Client, type RekeyRecord, type SealStatusRecord } from '#sdk';
import { wholeNumber } from '../arguments.ts';
import { connect, connectCustodian } from '../connect.ts';
import { CliError, exitCodes } from '../exit.ts';
import { facts, outputOption, show, type Shown } from '../output.ts';
import { readOneShare, shareSource, type ShareSource } from '../share-input.ts';
import { giveShares } from '../share-output.ts';

function told(status: SealStatusRecord): string {
  const { sealed, setId, shares, threshold, given } = status;
  return facts({
    state: sealed ? 'sealed' : 'unsealed',
    set: setId,
    shares: `${threshold} of ${shares} unseal it`,
    ...(sealed ? { given: `${given} of ${threshold}` } : {}),
  });
}

/** `unseal`, `seal-status`, `seal`. */
export function addCustodyCommands(program: Command): void {
  program
    .command('unseal')
    .description('give one share to a sealed server: typed unseen, from the standard input, or of a file')
    .option('--share-file <file>', 'read the share from a file')
    .option('--reset', 'have the server drop the shares that were given')
    .addOption(outputOption())
    .action(async (wish: Shown & { shareFile?: string; reset?: boolean }) => {
      const custodian = connectCustodian();
      const status = wish.reset
        ? await custodian.reset()
        : await custodian.unseal(await readOneShare(wish.shareFile));
      await show(wish.output, status, () => told(status));
    });

  program
    .command('seal-status')
    .description('whether the server is sealed, and how many shares it has and wants')
    .addOption(outputOption())
    .action(async ({ output }: Shown) => {
      const status = await connectCustodian().status();
      await show(output, status, () => told(status));
    });

  program
    .command('seal')
    .description(
      'have the server finish what it accepted, wipe its root key and serve nothing until it is unsealed',
    )
    .addOption(outputOption())
    .action(async ({ output }: Shown) => {
      await connect().seal();
      const status = await untilSealed();
      await show(output, status, () => told(status));
    });

  addRekey(program);
}

const sealMillisMax = 15_000;

async function untilSealed(): Promise<SealStatusRecord> {
  const custodian = connectCustodian();
  const limit = performance.now() + sealMillisMax;
  for (;;) {
    const status = await custodian.status();
    if (status.sealed) return status;
    if (performance.now() > limit) {
      throw new CliError(exitCodes.timeout, 'The server still finishes requests.', 'claviger seal-status');
    }
    await new Promise((done) => setTimeout(done, 50));
  }
}

type RekeyWish = {
  readonly shares?: number;
  readonly threshold?: number;
  readonly outDir?: string;
  readonly confirmation: boolean;
  readonly cancel?: string;
  readonly output?: Shown['output'];
};

function addRekey(program: Command): void {
  const root =
    program.commands.find((command) => command.name() === 'root') ??
    program.command('root').description('the root of trust');
  root
    .command('rekey')
    .description(
      'split the same root key into a new set of shares; a threshold of the present ones must be given',
    )
    .option('--shares <count>', 'how many shares, 2 to 16', wholeNumber)
    .option('--threshold <count>', 'how many of them unseal the server', wholeNumber)
    .option('--out-dir <folder>', 'write each new share into a file of its own; else they are printed')
    .addOption(
      new Option(
        '--no-confirmation',
        'do not ask the new shares back: one that was lost on its way is lost for good',
      ),
    )
    .option('--cancel <id>', 'end a rekey that was not finished')
    .addOption(outputOption())
    .action(rekey);
}

async function rekey(wish: RekeyWish): Promise<void> {
  const client = connect();
  if (wish.cancel !== undefined) {
    await client.rootRekeys.cancel(wish.cancel);
    process.stderr.write('The rekey is given up; the present shares stand.\n');
    return;
  }
  const { shares, threshold } = wish;
  if (shares === undefined || threshold === undefined) {
    throw new CliError(exitCodes.usage, 'Say how many: --shares 5 --threshold 3');
  }
  const source = shareSource();
  const { rekeyId } = await client.rootRekeys.begin({ shares, threshold });
  try {
    const done = await rekeyWith({ client, source, rekeyId }, { ...wish, threshold });
    process.stderr.write(
      `Set ${done.setId} is in place; shares of the sets before unseal nothing here any more. They still hold the same root\n` +
        'key: destroy them. Where a threshold of them may be in wrong hands, the root key must be rotated.\n',
    );
  } catch (error) {
    await client.rootRekeys.cancel(rekeyId).catch(() => undefined);
    throw error;
  } finally {
    source.close();
  }
}

type Session = { readonly client: Client; readonly source: ShareSource; readonly rekeyId: string };

async function rekeyWith(
  session: Session,
  wish: RekeyWish & { readonly threshold: number },
): Promise<RekeyRecord> {
  const { client, rekeyId } = session;
  const newShares = await authorise(session);
  const setId = newShares[0]?.split(':')[1] ?? '';
  const texts = newShares.map((text) => Buffer.from(text, 'latin1'));
  const json = wish.output !== undefined && wish.output !== 'table';
  await giveShares({ setId, threshold: wish.threshold, texts }, { outDir: wish.outDir, json });
  for (const text of texts) text.fill(0);
  return wish.confirmation ? confirmAll(session, newShares.length) : client.rootRekeys.confirm(rekeyId, null);
}

async function authorise(session: Session): Promise<readonly string[]> {
  for (let given = 0; ; ) {
    const answer = await withShare(session, `Share ${given + 1} of the present set: `, (share) =>
      session.client.rootRekeys.authorise(session.rekeyId, share),
    );
    if (answer.newShares) return answer.newShares;
    given = answer.given;
  }
}

async function confirmAll(session: Session, count: number): Promise<RekeyRecord> {
  for (let given = 0; ; ) {
    const answer = await withShare(
      session,
      `New share, to be sure of it (${given + 1} of ${count}): `,
      (share) => session.client.rootRekeys.confirm(session.rekeyId, share),
    );
    if (answer.step === 'done') return answer;
    given = answer.given;
  }
}

/** Gives the next share; one that is refused is asked for again where somebody can be asked. */
async function withShare<T>(
  { source }: Session,
  question: string,
  give: (share: string) => Promise<T>,
): Promise<T> {
  for (;;) {
    try {
      return await give((await source.next(question)).trim());
    } catch (error) {
      const isRefused = error instanceof ClavigerApiError && error.code.startsWith('share-');
      if (!isRefused || !source.canAsk) throw error;
      process.stderr.write(`${error.message}\n`);
    }
  }
}
