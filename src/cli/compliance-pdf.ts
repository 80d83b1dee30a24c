import {
  type CheckOutcome,
  type ComplianceRun,
  evidenceId,
  evidenceIndex,
  methodWords,
  outcomeOrder,
  outcomeWords,
  runText,
  verdictWords,
} from '#server/compliance';
import {
  colours,
  fonts,
  footers,
  grid,
  inner,
  need,
  page,
  pairs,
  pdfOf,
  section,
  type PdfDocument,
} from './pdf-parts.ts';

type Check = ComplianceRun['checks'][number];

const tones: Readonly<Record<CheckOutcome, string>> = {
  pass: '#17693a',
  fail: '#a3161c',
  manual: '#8a5200',
  'no-data': '#4b4f9e',
  'not-applicable': '#566070',
};

const timeOf = (at: number): string => `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;

/** What the fonts of every reader of such documents can draw; the attached JSON has the exact text. */
function drawable(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ').replace(/[^\u0020-\u00ff]/gu, '?');
}

const indent = 9;

/** A paragraph of a colour, indented as what stands below a heading. */
function said(document: PdfDocument, text: string, colour: string = colours.ink): void {
  const width = inner - indent;
  document.font(fonts.plain).fontSize(8.8);
  need(document, document.heightOfString(text, { width }) + 3);
  document.fillColor(colour).text(text, page.margin + indent, document.y, { width });
}

/** How many requirements came out how: a box for each outcome, and one bar for all. */
function summaryBoxes(document: PdfDocument, { summary, requirements }: ComplianceRun): void {
  const gap = 8;
  const width = (inner - gap * (outcomeOrder.length - 1)) / outcomeOrder.length;
  need(document, 70);
  const top = document.y + 4;
  for (const [at, outcome] of outcomeOrder.entries()) {
    const left = page.margin + at * (width + gap);
    document.roundedRect(left, top, width, 40, 2).lineWidth(0.6).strokeColor(colours.line).stroke();
    document.rect(left, top, width, 3).fill(tones[outcome]);
    const value = String(summary[outcome]);
    document
      .font(fonts.bold)
      .fontSize(16)
      .fillColor(tones[outcome])
      .text(value, left + 8, top + 8, { lineBreak: false });
    document.font(fonts.plain).fontSize(8).fillColor(colours.ink);
    document.text(outcomeWords[outcome], left + 8, top + 27, { lineBreak: false });
  }
  let left = page.margin;
  for (const outcome of outcomeOrder) {
    const part = requirements.length === 0 ? 0 : (summary[outcome] / requirements.length) * inner;
    if (part > 0) document.rect(left, top + 48, part, 5).fill(tones[outcome]);
    left += part;
  }
  document.y = top + 62;
}

/** The outcome in its colour and in words, at the right of what follows. */
function headed(document: PdfDocument, title: string, outcome: CheckOutcome): void {
  need(document, 70);
  document.moveDown(0.7);
  const { y } = document;
  document.rect(page.margin, y, 3, 11).fill(tones[outcome]);
  document.font(fonts.bold).fontSize(9.2).fillColor(tones[outcome]);
  document.text(outcomeWords[outcome], page.margin, y + 1, {
    width: inner,
    align: 'right',
    lineBreak: false,
  });
  document.fillColor(colours.ink).text(title, page.margin + indent, y + 1, { width: inner - 110 });
  document.moveDown(0.15);
}

function attentionPart(document: PdfDocument, run: ComplianceRun): void {
  const open = outcomeOrder
    .filter((outcome) => outcome === 'fail' || outcome === 'manual')
    .flatMap((outcome) => run.checks.filter((check) => check.outcome === outcome));
  if (open.length === 0) return;
  section(document, 'Checks that fail or wait for a person');
  grid(
    document,
    [0.24, 0.1, 0.66],
    ['Check', 'Outcome', 'What was found'],
    open.map(({ id, outcome, reason }) => [id, outcomeWords[outcome], drawable(reason)]),
  );
}

function checkPart(document: PdfDocument, run: ComplianceRun, check: Check): void {
  headed(document, check.id, check.outcome);
  said(document, check.title);
  said(document, drawable(check.reason));
  const { method, version, population, exceptions, exceptionsTotal, evidence } = check;
  const references = evidence.map((reference) => evidenceId(run, reference)).join(', ') || 'none';
  said(
    document,
    `Method ${method}, version ${version}, population ${population}, exceptions ${exceptionsTotal}. Evidence: ${references}.`,
    colours.quiet,
  );
  if (exceptions.length === 0) return;
  document.moveDown(0.3);
  const shown =
    exceptions.length < exceptionsTotal ? ` (the first ${exceptions.length} of ${exceptionsTotal})` : '';
  grid(
    document,
    [0.36, 0.64],
    [`Exception${shown}`, 'Why'],
    exceptions.map(({ subject, why }) => [drawable(subject), drawable(why)]),
  );
}

/** What more checks rest on is about everything. */
const checksShownMax = 8;

function evidencePart(document: PdfDocument, run: ComplianceRun): void {
  section(document, 'Index of evidence');
  grid(
    document,
    [0.16, 0.4, 0.24, 0.2],
    ['Id', 'What', 'Checks', 'Requirements'],
    evidenceIndex(run).map(({ id, what, checks, requirements }) => [
      id,
      drawable(what),
      checks.length > checksShownMax ? `${checks.length} checks` : checks.join(', '),
      requirements.join(', '),
    ]),
  );
}

function opening(document: PdfDocument, run: ComplianceRun): void {
  const { framework, log, marked } = run;
  document
    .font(fonts.bold)
    .fontSize(8)
    .fillColor(colours.quiet)
    .text('COMPLIANCE REPORT', { characterSpacing: 0.8 });
  document.moveDown(0.3);
  document.font(fonts.bold).fontSize(17).fillColor(colours.ink).text(framework.title);
  document.moveDown(0.6);
  pairs(document, [
    ['Framework', framework.id],
    ['Judged for', timeOf(run.at)],
    [
      'Keys',
      `${run.keys}${marked ? `, of which ${marked.keys} are marked as protecting ${marked.data}` : ''}`,
    ],
    ['Log', log ? `${drawable(log.origin)}, ${log.size} events, root ${drawable(log.root)}` : 'none'],
    ['Software', drawable(run.software)],
  ]);
}

/** A run as a document for paper, with its JSON attached. The same run gives the same bytes. */
export function compliancePdf(run: ComplianceRun): Promise<Buffer> {
  const made = new Date(run.at);
  const title = `Compliance report: ${run.framework.title}`;
  return pdfOf({ title, author: drawable(run.software), made }, (document) => {
    opening(document, run);
    section(document, 'Summary');
    document.font(fonts.bold).fontSize(9.5).fillColor(colours.ink).text(verdictWords(run));
    summaryBoxes(document, run);
    said(document, run.framework.scope, colours.quiet);
    document.moveDown(0.4);
    for (const line of methodWords(run)) said(document, drawable(line));
    attentionPart(document, run);
    section(document, 'Requirements');
    for (const { id, gist, outcome, reason } of run.requirements) {
      headed(document, id, outcome);
      said(document, gist);
      said(document, reason, colours.quiet);
    }
    section(document, 'Checks');
    for (const check of run.checks) checkPart(document, run, check);
    evidencePart(document, run);
    footers(document, `${run.framework.id}, ${timeOf(run.at)}`);
    document.file(Buffer.from(runText(run)), {
      name: `run-${run.framework.id}.json`,
      type: 'application/json',
      description: 'The run, from which all of this is made',
      creationDate: made,
      modifiedDate: made,
      hidden: false,
    });
  });
}
