import { isUtf8 } from 'node:buffer';
import type { Command } from 'commander';
import { readAll, wholeNumber } from '../arguments.ts';
import { connectSecrets } from '../connect.ts';
import { CliError, exitCodes } from '../exit.ts';
import { facts, outputOption, show, showList, type Shown } from '../output.ts';

const valueMax = 1_048_576;

type At = { readonly mount: string };
type Got = At & Shown & { readonly field?: string; readonly at?: number };

/** The value of a field, as it is: text without quotes around it. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The one field that is meant: the named one, or the only one. */
function fieldOf(data: Readonly<Record<string, unknown>>, field: string | undefined): string | null {
  const names = Object.keys(data);
  const [only] = names;
  if (field === undefined) return names.length === 1 && only !== undefined ? textOf(data[only]) : null;
  if (Object.hasOwn(data, field)) return textOf(data[field]);
  throw new CliError(
    exitCodes.notFound,
    `The secret has no field ${field}.`,
    names.length === 0 ? null : `name one of: ${names.join(', ')}`,
  );
}

/** Nothing but the value goes out; a line feed only where somebody looks at it. */
function writeValue(value: string): void {
  process.stdout.write(process.stdout.isTTY ? `${value}\n` : value);
}

async function get(path: string, { mount, field, at = 0, output }: Got): Promise<void> {
  const secret = await connectSecrets().get(path, { mount, version: at });
  const value = output === undefined ? fieldOf(secret.data, field) : null;
  if (value !== null) {
    writeValue(value);
    return;
  }
  if (field !== undefined) {
    await show(output, { [field]: secret.data[field] }, () => facts({ [field]: textOf(secret.data[field]) }));
    return;
  }
  await show(output, secret.data, () =>
    facts(Object.fromEntries(Object.entries(secret.data).map(([name, each]) => [name, textOf(each)]))),
  );
}

/** A value from where nobody else sees it: a file, as it is, or the standard input, without the line feed at its end. */
async function valueFrom(source: string): Promise<string> {
  const bytes = await readAll(source === '-' ? undefined : source.slice(1), valueMax);
  if (!isUtf8(bytes))
    throw new CliError(exitCodes.usage, 'A value is text in UTF-8.', 'encode other bytes: base64 -w0 FILE');
  const text = bytes.toString('utf8');
  return source === '-' ? text.replace(/\r?\n$/, '') : text;
}

async function fieldsFrom(pairs: readonly string[], insecure: boolean): Promise<Record<string, string>> {
  const fields: Record<string, string> = {};
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    if (at < 1) throw new CliError(exitCodes.usage, 'A field is given as NAME=@FILE, or NAME=- .');
    const [name, source] = [pair.slice(0, at), pair.slice(at + 1)];
    if (Object.hasOwn(fields, name)) throw new CliError(exitCodes.usage, `The field ${name} is given twice.`);
    if (source !== '-' && !source.startsWith('@') && !insecure) {
      throw new CliError(
        exitCodes.usage,
        `The value of ${name} would stand in the list of processes and in the history of the shell.`,
        `give it as ${name}=@FILE, or by the standard input as ${name}=- (or say --insecure-value)`,
      );
    }
    fields[name] = source === '-' || source.startsWith('@') ? await valueFrom(source) : source;
  }
  return fields;
}

type Put = At & Shown & { readonly cas?: number; readonly insecureValue?: boolean };

async function put(path: string, pairs: readonly string[], wish: Put): Promise<void> {
  if (pairs.filter((pair) => pair.endsWith('=-')).length > 1)
    throw new CliError(exitCodes.usage, 'The standard input can be one field only.');
  const fields = await fieldsFrom(pairs, wish.insecureValue ?? false);
  const version = await connectSecrets().put(path, fields, { mount: wish.mount, expected: wish.cas ?? null });
  await show(wish.output, { path, version }, () => facts({ secret: path, version }));
}

const mountOption = ['--mount <path>', 'where the secrets are mounted', 'secret'] as const;

/** `secret ...`: values that are delivered, for people and for the password commands of other programs. */
export function addSecretCommands(program: Command): void {
  const secrets = program.command('secret').description('secrets that are delivered: passwords, API keys');
  secrets
    .command('get <path>')
    .description(
      'the value alone, for restic --password-command and the like; all fields where there are several',
    )
    .option('--field <name>', 'this field')
    .option('--at <version>', 'this version; else the newest', wholeNumber)
    .option(...mountOption)
    .addOption(outputOption())
    .action(get);
  secrets
    .command('put <path> <fields...>')
    .description('a new version: NAME=@FILE, or NAME=- for the standard input')
    .option('--cas <version>', 'only where this is the newest version (0: there is none)', wholeNumber)
    .option('--insecure-value', 'take NAME=VALUE, which others on this machine can see')
    .option(...mountOption)
    .addOption(outputOption())
    .action(put);
  secrets
    .command('list [folder]')
    .description('names below a folder; folders end with /')
    .option(...mountOption)
    .addOption(outputOption())
    .action(async (folder: string | undefined, { mount, output }: At & Shown) => {
      const names = await connectSecrets().list(folder ?? '', { mount });
      await showList(
        output,
        (async function* each() {
          yield* names.map((name) => ({ name }));
        })(),
        { columns: ['name'], row: ({ name }) => [name] },
      );
    });
}
