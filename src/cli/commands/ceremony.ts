import { createHash } from 'node:crypto';
import { Option, type Command } from 'commander';
import type { Ceremony, TranscriptRecord } from '#sdk';
import { loadConfig } from '#server/configuration';
import type { ScriptWish } from '#server/documents';
import { collect, readAll, wholeNumber } from '../arguments.ts';
import { checkoutHome } from '../checkout-home.ts';
import { connect } from '../connect.ts';
import { CliError, exitCodes } from '../exit.ts';
import { facts, outputOption, show, showList, type Shown } from '../output.ts';
import { writeNew } from '../write-new.ts';

const kinds = ['root-in-shares', 'new-shares', 'root-migration', 'recovery-holders'] as const;

type ScriptOptions = {
  readonly custodian: readonly string[];
  readonly threshold: number;
  readonly date: string;
  readonly place: string;
  readonly to?: string;
  readonly html?: boolean;
  readonly out: string;
  readonly recordOut?: string;
};

async function script(kind: ScriptWish['kind'], wish: ScriptOptions): Promise<void> {
  const documents = await import('#server/documents');
  const { custodian: custodians, threshold, date, place, to = null } = wish;
  const asked: ScriptWish = {
    kind,
    custodians,
    threshold,
    date,
    place,
    to,
    software: documents.softwareName(),
  };
  const faults = documents.wishFaults(asked);
  if (faults.length > 0)
    throw new CliError(
      exitCodes.usage,
      `This is no ceremony: ${faults.join('; ')}.`,
      'claviger ceremony script --help',
    );
  const written = documents.ceremonyScript(asked);
  const text = wish.html ? documents.htmlOf(written) : documents.markdownOf(written);
  const hash = createHash('sha256').update(text).digest('hex');
  writeNew(wish.out, text);
  if (wish.recordOut !== undefined)
    writeNew(wish.recordOut, `${JSON.stringify(documents.recordTemplate(asked, hash), null, 2)}\n`);
  process.stdout.write(`${hash}  ${wish.out}\n`);
}

const told = ({ record, digest, status, absent }: Ceremony): string =>
  facts({
    id: record.id,
    kind: record.kind,
    ended: record.ended,
    place: record.place,
    status: absent.length === 0 ? status : `${status}: ${absent.join(', ')} did not join yet`,
    digest,
  });

function addScript(ceremony: Command): void {
  ceremony
    .command('script')
    .description('write the script of a ceremony, to be printed; its SHA-256 is told')
    .argument('<kind>', kinds.join(', '))
    .requiredOption('--custodian <name>', 'a custodian; once for each share or recovery key', collect, [])
    .requiredOption('--threshold <count>', 'how many of them it takes', wholeNumber)
    .requiredOption('--date <day>', 'the day, like 2027-01-31')
    .requiredOption('--place <text>', 'where it is held')
    .option('--to <uri>', 'of a root-migration: the new root, as in CLAVIGER_ROOT')
    .requiredOption('--out <file>', 'where the script goes')
    .addOption(new Option('--html', 'a page to be printed, instead of Markdown'))
    .option('--record-out <file>', 'where the record goes that is filled in afterwards (JSON)')
    .action(async (kind: string, wish: ScriptOptions) => {
      const known = kinds.find((each) => each === kind);
      if (known) return script(known, wish);
      throw new CliError(exitCodes.usage, `There is no ceremony ${kind}. There are: ${kinds.join(', ')}.`);
    });
}

function addRecording(ceremony: Command): void {
  ceremony
    .command('record <file>')
    .description('take down what happened, as the filled-in record has it; it is never changed afterwards')
    .addOption(outputOption())
    .action(async (file: string, { output }: Shown) => {
      const content = await readAll(file);
      let record: unknown;
      try {
        record = JSON.parse(content.toString('utf8'));
      } catch {
        throw new CliError(exitCodes.usage, `${file} is no JSON.`);
      }
      if (typeof record !== 'object' || record === null || Array.isArray(record))
        throw new CliError(
          exitCodes.usage,
          `${file} holds no record.`,
          'claviger ceremony script --record-out FILE',
        );
      const made = await connect().ceremonies.record(record as Record<string, unknown>);
      await show(output, made, () => told(made));
      process.stderr.write(
        `claviger: everybody who was there, each with their own token: claviger ceremony join ${made.record.id} --digest ${made.digest}\n`,
      );
    });
  ceremony
    .command('join <id>')
    .description('state that you were there, and that it was as the record has it')
    .requiredOption('--digest <sha256>', 'of the record that you have seen (claviger ceremony show)')
    .addOption(outputOption())
    .action(async (id: string, { output, digest }: Shown & { digest: string }) => {
      const made = await connect().ceremonies.join(id, digest);
      await show(output, made, () => told(made));
    });
}

function transcriptTable({ transcript }: TranscriptRecord): string {
  const { record, status, digest, attendances } = transcript;
  const joined = new Map(attendances.map((each) => [each.principal.name, each]));
  const people = record.attendees.map(({ role, principal }) => {
    const own = joined.get(principal.name);
    return `${role}: ${principal.name}, ${own ? `who stated it on ${own.at}` : 'who has not stated it yet'}\n`;
  });
  const head = facts({
    id: record.id,
    kind: record.kind,
    script: record.script,
    began: record.began,
    ended: record.ended,
    place: record.place,
    steps: record.steps.length,
    deviations: record.deviations.map(({ step, what }) => `${step ?? '-'}: ${what}`).join('; ') || 'none',
    status,
    digest,
  });
  return `${head}\n${people.join('')}`;
}

function addLooking(ceremony: Command): void {
  ceremony
    .command('list')
    .description('the ceremonies of the environment')
    .addOption(outputOption())
    .action(async ({ output }: Shown) => {
      await showList(output, connect().ceremonies.list(), {
        columns: ['id', 'kind', 'ended', 'status', 'absent'],
        row: ({ record, status, absent }) => [record.id, record.kind, record.ended, status, absent.join(' ')],
      });
    });
  ceremony
    .command('show <id>')
    .description('the transcript, signed by the keys of the log')
    .option('--out <file>', 'write the signed transcript, to be kept and verified')
    .addOption(outputOption())
    .action(async (id: string, { output, out }: Shown & { out?: string }) => {
      const record = await connect().ceremonies.transcript(id);
      if (out !== undefined) writeNew(out, `${JSON.stringify(record, null, 2)}\n`);
      await show(output, record, () => transcriptTable(record));
    });
}

type VerifyWish = Shown & { readonly keys: readonly string[]; readonly script?: string };

async function verify(file: string, { keys, script: scriptFile, output }: VerifyWish): Promise<void> {
  const { transcriptBytesMax, verifyTranscript } = await import('#server/documents');
  const config = loadConfig({ env: process.env, checkoutHome: checkoutHome() });
  const content = await readAll(file, transcriptBytesMax);
  const hash =
    scriptFile === undefined
      ? null
      : createHash('sha256')
          .update(await readAll(scriptFile))
          .digest('hex');
  const { transcript, findings } = verifyTranscript(config, content, { keyFiles: keys, script: hash });
  const { record, status, attendances } = transcript;
  const joined = {
    ceremony: record.id,
    kind: record.kind,
    status,
    joined: attendances.length,
    provedByLog: attendances.filter(({ log }) => log !== null).length,
  };
  await show(output, { ...joined, findings }, () => facts({ ...joined, findings: findings.length }));
  for (const finding of findings) process.stderr.write(`${file}: ${finding}\n`);
  if (findings.length > 0)
    throw new CliError(
      exitCodes.verificationFailed,
      `The transcript does not hold: ${findings.length} findings.`,
    );
  process.stderr.write(
    status === 'complete'
      ? 'The transcript holds.\n'
      : 'The transcript holds; not everybody has joined yet.\n',
  );
}

/** `ceremony script|record|join|list|show|verify`. */
export function addCeremonyCommands(program: Command): void {
  const ceremony = program
    .command('ceremony')
    .description('key ceremonies: their scripts, and what happened');
  addScript(ceremony);
  addRecording(ceremony);
  addLooking(ceremony);
  ceremony
    .command('verify <file>')
    .description('check a transcript without the server; exit code 8 where it does not hold')
    .option(
      '--keys <file>',
      'a keys.json that you trust, once for each log; else those of the logs on this machine',
      collect,
      [],
    )
    .option('--script <file>', 'the script that was read')
    .addOption(outputOption())
    .action(verify);
}
