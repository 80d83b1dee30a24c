import PDFDocument from 'pdfkit';

export type PdfDocument = PDFKit.PDFDocument;
type Row = readonly string[];

/** A4, in points. */
export const page = { width: 595.28, height: 841.89, margin: 48 };
/** Room between the margins. */
export const inner = page.width - 2 * page.margin;
export const colours = {
  ink: '#1c1f24',
  quiet: '#5d6570',
  line: '#cfd4da',
  shade: '#f3f5f7',
};
export const fonts = { plain: 'Helvetica', bold: 'Helvetica-Bold', code: 'Courier' };

/** Begins a new page where less than so much is left. */
export function need(document: PdfDocument, height: number): void {
  if (document.y + height > page.height - page.margin - 20) document.addPage();
}

/** A heading with a line below. */
export function section(document: PdfDocument, title: string): void {
  need(document, 60);
  document.moveDown(0.9);
  document.font(fonts.bold).fontSize(10.5).fillColor(colours.ink).text(title, page.margin, document.y);
  const y = document.y + 2;
  document
    .moveTo(page.margin, y)
    .lineTo(page.margin + inner, y)
    .lineWidth(0.6)
    .strokeColor(colours.line)
    .stroke();
  document.y = y + 5;
}

/** Names and values, one under the other. */
export function pairs(document: PdfDocument, rows: readonly (readonly [string, string])[]): void {
  const label = 118;
  for (const [name, value] of rows) {
    document.font(fonts.plain).fontSize(8.8);
    const height = document.heightOfString(value, { width: inner - label });
    need(document, height + 3);
    const { y } = document;
    document.fillColor(colours.quiet).text(name, page.margin, y, { width: label - 8 });
    document.fillColor(colours.ink).text(value, page.margin + label, y, { width: inner - label });
    document.y = y + Math.max(height, 11) + 2.5;
  }
}

/** A table; `widths` are parts of the room between the margins. */
export function grid(
  document: PdfDocument,
  widths: readonly number[],
  head: Row,
  rows: readonly Row[],
): void {
  const lefts = widths.map((_, at) =>
    widths.slice(0, at).reduce((sum, width) => sum + width * inner, page.margin),
  );
  const put = (cells: Row, font: string, colour: string): void => {
    document.font(font).fontSize(8.2);
    const room = (at: number) => ({ width: (widths[at] ?? 0) * inner - 6 });
    const height = Math.max(...cells.map((cell, at) => document.heightOfString(cell, room(at))));
    need(document, height + 6);
    const { y } = document;
    document.fillColor(colour);
    for (const [at, cell] of cells.entries()) document.text(cell, (lefts[at] ?? 0) + 3, y, room(at));
    document.y = y + height + 4;
  };
  put(head, fonts.bold, colours.quiet);
  for (const row of rows) put(row, fonts.plain, colours.ink);
}

/** Numbers all pages, with a word of what they belong to. Called last. */
export function footers(document: PdfDocument, text: string): void {
  const { start, count } = document.bufferedPageRange();
  for (let at = start; at < start + count; at += 1) {
    document.switchToPage(at);
    // text below the margin would begin a page
    document.page.margins.bottom = 0;
    document
      .font(fonts.plain)
      .fontSize(7.5)
      .fillColor(colours.quiet)
      .text(`${text}    page ${at - start + 1} of ${count}`, page.margin, page.height - 36, {
        width: inner,
        align: 'center',
        lineBreak: false,
      });
  }
}

/** A document as bytes, which are a function of what is said and drawn: its only time is `made`. */
export async function pdfOf(
  { title, author, made }: { readonly title: string; readonly author: string; readonly made: Date },
  draw: (document: PdfDocument) => void,
): Promise<Buffer> {
  const document = new PDFDocument({
    size: 'A4',
    margin: page.margin,
    bufferPages: true,
    lang: 'en',
    displayTitle: true,
    info: { Title: title, Author: author, CreationDate: made, ModDate: made },
  });
  const pieces: Buffer[] = [];
  document.on('data', (piece: Buffer) => pieces.push(piece));
  const ended = new Promise<void>((done) => document.once('end', () => done()));
  draw(document);
  document.end();
  await ended;
  return Buffer.concat(pieces);
}
