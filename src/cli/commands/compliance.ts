import fs from 'node:fs';
import path from 'node:path';
import { randomUUID } from 'node:crypto';
import { Option, type Command } from 'commander';
import type { ComplianceOutcome, ComplianceRecord, EvidencePiece } from '#sdk';
import { loadConfig } from '#server/configuration';
import { checkoutHome } from '../checkout-home.ts';
import { connect, servesHere } from '../connect.ts';
import { CliError, exitCodes } from '../exit.ts';
import { facts, outputOption, show, table, type Shown } from '../output.ts';
import { patience, waitingFor } from '../waiting.ts';

const judging = 'judging everything there is';

type Where = { readonly framework: string; readonly environment?: string };

const frameworkOption = (): Option =>
  new Option('--framework <id>', 'e.g. pci-dss-4.0.1; see `compliance frameworks`').makeOptionMandatory();
const environmentOption = (): Option =>
  new Option('--environment <name>', 'this environment alone; else all that you may see');

function summaryText(summary: Readonly<Record<ComplianceOutcome, number>>): string {
  return Object.entries(summary)
    .map(([outcome, count]) => `${count} ${outcome}`)
    .join(', ');
}

function runTable(run: ComplianceRecord): string {
  const head = facts({
    framework: run.framework.title,
    judged: `${run.keys} keys, as of ${new Date(run.at).toISOString()}`,
    requirements: summaryText(run.summary),
  });
  const rows = run.requirements.map(({ id, outcome, gist }) => [id, outcome, gist]);
  return `${head}\n${table(['requirement', 'outcome', 'what it asks'], rows)}`;
}

function addRun(compliance: Command): void {
  compliance
    .command('run')
    .description('judge everything there is by a framework; the same population gives the same answer')
    .addOption(frameworkOption())
    .addOption(environmentOption())
    .option('--exit-code', 'exit with 1 where a requirement fails')
    .addOption(outputOption())
    .action(async ({ framework, output, exitCode, ...where }: Shown & Where & { exitCode?: boolean }) => {
      const run = await waitingFor(judging, connect(patience).compliance.run(framework, where));
      await show(output, run, () => runTable(run));
      if (exitCode && run.summary.fail > 0) process.exitCode = exitCodes.failed;
    });

  compliance
    .command('history')
    .description('how the runs of a framework came out, a day each')
    .addOption(frameworkOption())
    .addOption(environmentOption())
    .addOption(outputOption())
    .action(async ({ framework, output, ...where }: Shown & Where) => {
      const results = await connect().compliance.results(framework, where);
      await show(output, results, () =>
        table(
          ['ran', 'by', 'keys', 'requirements'],
          results.map(({ ranAt, by, keys, summary }) => [ranAt, by, keys, summaryText(summary)]),
        ),
      );
    });
}

/** Writes a file that is not there yet, whole or not at all; on standard output without a name. */
function writeOut(file: string | undefined, content: string | Uint8Array): void {
  if (file === undefined) {
    process.stdout.write(content);
    return;
  }
  if (fs.existsSync(file))
    throw new CliError(exitCodes.conflict, `${file} exists already.`, 'name another file, or move it away');
  const partial = `${file}.${randomUUID()}.part`;
  fs.writeFileSync(partial, content, { flag: 'wx', mode: 0o600 });
  fs.renameSync(partial, file);
}

type ReportWish = Where & {
  readonly format: 'html' | 'pdf' | 'json' | 'oscal';
  readonly out?: string;
  readonly from?: string;
};

async function reportOf(run: never, format: ReportWish['format']): Promise<string | Uint8Array> {
  if (format === 'json') return `${JSON.stringify(run, null, 2)}\n`;
  if (format === 'pdf') {
    const { compliancePdf } = await import('../compliance-pdf.ts');
    return compliancePdf(run);
  }
  const { complianceReport, assessmentResultsText } = await import('#server/evidence');
  return format === 'html' ? complianceReport(run) : assessmentResultsText(run);
}

function addReport(compliance: Command): void {
  compliance
    .command('report')
    .description(
      'judge, and write the report: for a browser and a printer, as PDF, JSON, or OSCAL assessment results',
    )
    .addOption(frameworkOption())
    .addOption(environmentOption())
    .addOption(new Option('--format <format>').choices(['html', 'pdf', 'json', 'oscal']).default('html'))
    .option('--out <file>', 'a file that is not there yet; else standard output')
    .option('--from <folder>', 'make it of an evidence bundle, without the server')
    .action(async ({ framework, format, out, from, ...where }: ReportWish) => {
      const run =
        from === undefined
          ? await waitingFor(judging, connect(patience).compliance.run(framework, where))
          : readRun(from, framework);
      writeOut(out, await reportOf(run as never, format));
    });
}

function readRun(folder: string, framework: string): ComplianceRecord {
  let run: ComplianceRecord;
  try {
    run = JSON.parse(fs.readFileSync(path.join(folder, 'run.json'), 'utf8')) as ComplianceRecord;
  } catch {
    throw new CliError(exitCodes.notFound, `There is no evidence bundle in ${folder}.`);
  }
  if (run.framework.id === framework) return run;
  throw new CliError(exitCodes.usage, `The bundle is of the framework ${run.framework.id}.`);
}

/** Puts pieces into the files of a folder that has only such names as a bundle has. */
async function writePieces(folder: string, pieces: AsyncIterable<EvidencePiece>): Promise<string[]> {
  const names: string[] = [];
  let file: number | null = null;
  const finish = () => {
    if (file === null) return;
    fs.fsyncSync(file);
    fs.closeSync(file);
    file = null;
  };
  try {
    for await (const { file: name, bytes } of pieces) {
      if (!/^(?:[a-z]+\/)?[A-Za-z][A-Za-z.-]*$/.test(name))
        throw new CliError(exitCodes.verificationFailed, 'The server names a file that no bundle has.');
      if (name !== names.at(-1)) {
        finish();
        fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true, mode: 0o700 });
        file = fs.openSync(path.join(folder, name), 'wx', 0o600);
        names.push(name);
      }
      if (file !== null) fs.writeSync(file, bytes);
    }
  } finally {
    finish();
  }
  return names;
}

/** Where the logs of the server are on this machine, they are verified from their raw entries first. */
async function requireWholeLogs(): Promise<void> {
  const config = loadConfig({ env: process.env, checkoutHome: checkoutHome() });
  if (!servesHere() || !fs.existsSync(config.auditFolder)) return;
  const { verifyAudit } = await import('#server');
  const wrong = (await verifyAudit(config, { folder: config.auditFolder, offline: true })).find(
    ({ findings }) => findings.length > 0,
  );
  if (!wrong) return;
  const [first] = wrong.findings;
  throw new CliError(
    exitCodes.verificationFailed,
    `The audit log ${wrong.folder} is not what it claims to be: ${first?.file}: ${first?.problem}`,
    'look at all of it: claviger audit verify',
  );
}

function addEvidence(compliance: Command): void {
  compliance
    .command('evidence')
    .description('take everything that proves a run into a folder, to be checked without the server')
    .addOption(frameworkOption())
    .addOption(environmentOption())
    .requiredOption('--out <folder>', 'a folder that is not there yet, or is empty')
    .addOption(outputOption())
    .action(async ({ framework, out, output, ...where }: Shown & Where & { out: string }) => {
      if (fs.existsSync(out) && fs.readdirSync(out).length > 0)
        throw new CliError(exitCodes.conflict, `${out} is not empty.`, 'name another folder');
      await requireWholeLogs();
      const partial = `${path.resolve(out)}.${randomUUID()}.part`;
      fs.mkdirSync(partial, { recursive: true, mode: 0o700 });
      try {
        const files = await waitingFor(
          'gathering evidence',
          writePieces(partial, connect(patience).compliance.evidence(framework, where)),
        );
        if (fs.existsSync(out)) fs.rmdirSync(out);
        fs.renameSync(partial, out);
        await show(output, { folder: out, files }, () =>
          facts({ folder: out, files: files.length, 'to check it': `claviger evidence verify ${out}` }),
        );
      } finally {
        fs.rmSync(partial, { recursive: true, force: true });
      }
    });
}

/** `compliance frameworks|run|history|report|evidence`. */
export function addComplianceCommands(program: Command): void {
  const compliance = program
    .command('compliance')
    .description('judge keys and their handling by frameworks, and take the evidence');
  compliance
    .command('frameworks')
    .description('by which can be judged')
    .addOption(outputOption())
    .action(async ({ output }: Shown) => {
      const found = await connect().compliance.frameworks();
      await show(output, found, () =>
        table(
          ['framework', 'requirements', 'title'],
          found.map(({ id, requirements, title }) => [id, requirements, title]),
        ),
      );
    });
  addRun(compliance);
  addReport(compliance);
  addEvidence(compliance);
}

type VerifyWish = Shown & { readonly keys: readonly string[] };

/** `evidence verify`. */
export function addEvidenceCommands(program: Command): void {
  program
    .command('evidence')
    .description('what an auditor does with an evidence bundle')
    .command('verify <folder>')
    .description('check a bundle without the server; exit code 8 where it does not hold')
    .option(
      '--keys <file>',
      'a keys.json that you trust, once for each log; else the keys that the bundle brings along',
      (file: string, before: readonly string[]) => [...before, file],
      [],
    )
    .addOption(outputOption())
    .action(async (folder: string, { keys, output }: VerifyWish) => {
      if (!fs.existsSync(folder)) throw new CliError(exitCodes.notFound, `There is no folder ${folder}.`);
      const { verifyEvidenceFolder } = await import('#server/evidence');
      const verdict = await verifyEvidenceFolder(folder, keys);
      const { isValid, findings, framework, at, fingerprint, summary } = verdict;
      await show(output, verdict, () =>
        [
          facts({
            verdict: isValid ? 'it holds' : 'IT DOES NOT HOLD',
            framework: framework ?? '-',
            judged: at ?? '-',
            requirements: summary ? summaryText(summary) : '-',
            'signed by':
              verdict.keys === 'trusted'
                ? `keys that you trust (${fingerprint ?? 'none'})`
                : `the bundle's own keys (${fingerprint ?? 'none'}): compare them with those of the house, or name these by --keys`,
          }),
          ...(findings.length > 0
            ? [
                table(
                  ['file', 'problem'],
                  findings.map((one) => [one.file, one.problem]),
                ),
              ]
            : []),
        ].join('\n'),
      );
      if (!isValid) process.exitCode = exitCodes.verificationFailed;
    });
}
