import type { Block, WrittenDocument } from './document.ts';

/** Words as words: nothing in them is a mark, a link, HTML or mathematics, and nothing begins another block. */
//= commonmark 2.4: any ASCII punctuation may be escaped with a backslash
export function words(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .replace(/[\\`*_[\]<>|~&$@]|:(?=\/\/)|(?<=\bwww)\./gi, String.raw`\$&`)
    .replace(/^[-+=#]/, String.raw`\$&`)
    .replace(/^(\d+)(?=[.)])/, '$1\\');
}

/** Lines in a fence that is longer than any in them. */
function fenced(all: readonly string[]): string {
  const text = all.map((line) => line.toWellFormed().replace(/[\p{Cc}\u2028\u2029]/gu, ' '));
  const longest = Math.max(0, ...text.flatMap((line) => (line.match(/`+/g) ?? []).map((run) => run.length)));
  const fence = '`'.repeat(Math.max(3, longest + 1));
  return [fence, ...text, fence].join('\n');
}

function row(cells: readonly string[]): string {
  return `| ${cells.map(words).join(' | ')} |`;
}

function blockText(block: Block): string {
  switch (block.kind) {
    case 'paragraph':
      return words(block.text);
    case 'list':
      return block.entries.map((entry) => `- ${words(entry)}`).join('\n');
    case 'lines':
      return fenced(block.lines);
    case 'signatures':
      return [
        row(['Role and name', 'Date and time', 'Signature']),
        '|---|---|---|',
        ...block.who.map((who) => row([who, '', ''])),
      ].join('\n');
    default:
      return [
        row(block.columns),
        `|${block.columns.map(() => '---').join('|')}|`,
        ...block.rows.map(row),
      ].join('\n');
  }
}

/** A document in Markdown (CommonMark with the tables of GitHub). */
export function markdownOf({ title, about, sections, missing }: WrittenDocument): string {
  const parts = [
    `# ${words(title)}`,
    about.map(([name, value]) => `- **${words(name)}**: ${words(value)}`).join('\n'),
    ...(missing.length > 0
      ? ['## What is missing in this document', missing.map((what) => `- ${words(what)}`).join('\n')]
      : []),
    ...sections.flatMap((section, at) => [
      `## ${at + 1}. ${words(section.title)}`,
      ...section.blocks.map(blockText),
    ]),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}
