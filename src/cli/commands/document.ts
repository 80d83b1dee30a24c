import { Option, type Command } from 'commander';
import type { WrittenDocument } from '#server/documents';
import { connect } from '../connect.ts';
import { writeNew } from '../write-new.ts';
import { patience, waitingFor } from '../waiting.ts';

const kinds = [
  ['practice-statement', 'the key-management practice statement, after NIST SP 800-57 part 2'],
  ['crypto-architecture', 'the description of the cryptographic architecture, after PCI DSS 3.6.1.1'],
] as const;

const forms = ['markdown', 'html', 'json'] as const;
type Wish = {
  readonly out?: string;
  readonly format?: (typeof forms)[number];
  readonly environment?: string;
};

function formOf({ format, out = '' }: Wish): (typeof forms)[number] {
  if (format) return format;
  if (/\.html?$/i.test(out)) return 'html';
  return out.toLowerCase().endsWith('.json') ? 'json' : 'markdown';
}

async function write(kind: string, wish: Wish): Promise<void> {
  const { htmlOf, markdownOf } = await import('#server/documents');
  const record = await waitingFor('writing', connect(patience).written.document(kind, wish.environment));
  const written = record as unknown as WrittenDocument;
  const text = {
    markdown: () => markdownOf(written),
    html: () => htmlOf(written),
    json: () => `${JSON.stringify(record, null, 2)}\n`,
  }[formOf(wish)]();
  if (wish.out === undefined) process.stdout.write(text);
  else writeNew(wish.out, text);
  if (written.missing.length > 0)
    process.stderr.write(
      `claviger: ${written.missing.length} things are missing in it; its first section lists them\n`,
    );
}

/** `document practice-statement|crypto-architecture`. */
export function addDocumentCommands(program: Command): void {
  const document = program.command('document').description('documents that are written of what there is');
  for (const [kind, about] of kinds)
    document
      .command(kind)
      .description(about)
      .option('--out <file>', 'where it goes; else to the standard output')
      .addOption(
        new Option('--format <form>', 'else that of the name of the file, or Markdown').choices(forms),
      )
      .option('--environment <name>', 'this environment alone; else all that you may see')
      .action((wish: Wish) => write(kind, wish));
}
