import type { Block, WrittenDocument } from './document.ts';

const marks: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text of anybody as text of a page. */
export function escapeHtml(text: string): string {
  return text
    .toWellFormed()
    .replace(/(?![\n\t])\p{Cc}/gu, '\ufffd')
    .replace(/[&<>"']/g, (mark) => marks[mark] ?? mark);
}

const style = `
  :root { color-scheme: light; }
  body { font: 10.5pt/1.45 "Liberation Sans", Arial, sans-serif; color: #111; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
  h1 { font-size: 1.6rem; line-height: 1.2; } h2 { font-size: 1.15rem; margin-top: 2rem; break-after: avoid; }
  table { border-collapse: collapse; width: 100%; margin: .6rem 0; font-size: .92em; }
  th, td { border: 1px solid #999; padding: .25rem .45rem; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
  th { background: #eee; } tr { break-inside: avoid; } thead { display: table-header-group; }
  pre { background: #f4f4f4; border: 1px solid #ccc; padding: .5rem; white-space: pre-wrap; overflow-wrap: anywhere; break-inside: avoid; }
  .missing { border: 2px solid #b00020; padding: .2rem 1rem; break-inside: avoid; } .missing h2 { margin-top: .6rem; }
  .signatures td { height: 2.4rem; } dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; }
  dt { font-weight: bold; } dd { margin: 0; overflow-wrap: anywhere; }
  @page { size: A4; margin: 18mm 16mm; } @media print { body { margin: 0; max-width: none; padding: 0; } }
`;

function tableHtml(columns: readonly string[], rows: readonly (readonly string[])[], name = ''): string {
  const cells = (tag: 'th' | 'td', row: readonly string[]) =>
    `<tr>${row.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join('')}</tr>`;
  const kind = name === '' ? '' : ` class="${name}"`;
  return `<table${kind}><thead>${cells('th', columns)}</thead><tbody>\n${rows.map((row) => cells('td', row)).join('\n')}\n</tbody></table>`;
}

const entries = (all: readonly string[]): string =>
  `<ul>\n${all.map((entry) => `<li>${escapeHtml(entry)}</li>`).join('\n')}\n</ul>`;

function blockHtml(block: Block): string {
  switch (block.kind) {
    case 'paragraph':
      return `<p>${escapeHtml(block.text)}</p>`;
    case 'list':
      return entries(block.entries);
    case 'lines':
      return `<pre>${escapeHtml(block.lines.join('\n'))}</pre>`;
    case 'signatures':
      return tableHtml(
        ['Role and name', 'Date and time', 'Signature'],
        block.who.map((who) => [who, '', '']),
        'signatures',
      );
    default:
      return tableHtml(block.columns, block.rows);
  }
}

/** A document as one page that needs nothing else: no script, no picture, no address; ready to be printed. */
export function htmlOf({ title, about, sections, missing }: WrittenDocument): string {
  const facts = about.map(([name, value]) => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd>`);
  const gaps =
    missing.length === 0
      ? ''
      : `<section class="missing"><h2>What is missing in this document</h2>${entries(missing)}</section>\n`;
  const body = sections.map(
    (section, at) =>
      `<section><h2>${at + 1}. ${escapeHtml(section.title)}</h2>\n${section.blocks.map(blockHtml).join('\n')}\n</section>`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<title>${escapeHtml(title)}</title>
<style>${style}</style></head>
<body>
<h1>${escapeHtml(title)}</h1>
<dl>${facts.join('\n')}</dl>
${gaps}${body.join('\n')}
</body></html>
`;
}
