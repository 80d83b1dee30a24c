import type { CertificateRecord } from '#sdk';
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
  type PdfDocument as Document,
} from './pdf-parts.ts';

const tones = { complete: '#1b6b3a', pending: '#9a5b00' };

const day = (time: string): string => time.replace('T', ' ').replace(/\.\d+Z$|Z$/, ' UTC');

function banner(document: Document, { status, copies }: CertificateRecord['certificate']): void {
  const complete = status === 'complete';
  const colour = complete ? tones.complete : tones.pending;
  const word = complete ? 'COMPLETE' : 'PENDING';
  const said = complete
    ? 'No registered copy can open the key.'
    : `${copies.length} registered ${copies.length === 1 ? 'copy' : 'copies'} can still open the key; see the list below.`;
  const { y } = document;
  document.roundedRect(page.margin, y, inner, 30, 3).fill(colour);
  document
    .font(fonts.bold)
    .fontSize(12)
    .fillColor('#ffffff')
    .text(word, page.margin + 12, y + 9, { lineBreak: false });
  document
    .font(fonts.plain)
    .fontSize(9)
    .text(said, page.margin + 110, y + 11, { width: inner - 122 });
  document.y = y + 36;
}

function keyPart(document: Document, { key, versions, lastUse }: CertificateRecord['certificate']): void {
  section(document, 'The key');
  pairs(document, [
    ['Key', key.id],
    ['Names', key.names.join(', ') || 'none'],
    ['Environment, region', `${key.environment}, ${key.region}`],
    ['Algorithm, purpose', `${key.spec}, ${key.usage}`],
    ['Owner', key.owner],
    ['Description', key.description || 'none'],
    ['Data classification', key.dataClassification || 'not said'],
    ['Origin, tier', `${key.origin}, ${key.tier}`],
    ['Created', `${day(key.createdAt)} by ${key.createdBy}`],
    [
      'Last use',
      lastUse ? `${lastUse.operation}, ${day(lastUse.at)}, by ${lastUse.principal}` : 'none known',
    ],
  ]);
  document.moveDown(0.3);
  grid(
    document,
    [0.08, 0.4, 0.17, 0.17, 0.18],
    ['Version', 'Fingerprint of the material', 'Created', 'To protect until', 'Last states'],
    versions.map(({ number, fingerprint, device, createdAt, protectUntil, history }) => [
      String(number),
      device === null ? fingerprint || 'there was none' : `${fingerprint || '-'}\nin device ${device}`,
      day(createdAt),
      protectUntil === null ? '-' : day(protectUntil),
      history
        .slice(-2)
        .map(({ state }) => state)
        .join(', then '),
    ]),
  );
}

function storyPart(document: Document, certificate: CertificateRecord['certificate']): void {
  const { request, execution, verification, demand } = certificate;
  section(document, 'What was done');
  pairs(document, [
    [
      'Requested',
      `${day(request.requestedAt)} by ${request.requestedBy.name ?? request.requestedBy.id} (${request.requestedBy.id})`,
    ],
    ['Reason', request.reason ?? 'none was given'],
    ['Could be called off', `for ${request.waitingDays} days, until ${day(request.dueAt)}`],
    ['Executed', `${day(execution.at)} by node ${execution.node}`],
    ['Method', execution.method],
    ['Tool', execution.tool],
  ]);
  section(document, 'Verification: nothing opens any more');
  grid(
    document,
    [0.2, 0.1, 0.25, 0.45],
    ['Node', 'Version', 'When', 'How'],
    verification.map(({ node, version, at, method }) => [node, String(version), day(at), method]),
  );
  if (demand.length === 0) return;
  section(document, 'Who still asked before the day');
  grid(
    document,
    [0.3, 0.3, 0.12, 0.28],
    ['Principal', 'Operation', 'Times', 'Last'],
    demand.map(({ principal, operation, count, lastAt }) => [
      principal,
      operation,
      String(count),
      day(lastAt),
    ]),
  );
}

function copiesPart(document: Document, { copies }: CertificateRecord['certificate']): void {
  if (copies.length === 0) return;
  section(document, 'Copies that can still open the key');
  grid(
    document,
    [0.12, 0.24, 0.3, 0.22, 0.12],
    ['Kind', 'Made', 'Place', 'Holder', 'Status'],
    copies.map(({ kind, madeAt, place, holder, status }) => [kind, day(madeAt), place, holder, status]),
  );
}

function personsPart(document: Document, { operator, verifier }: CertificateRecord['certificate']): void {
  need(document, 90);
  section(document, 'Persons');
  const half = inner / 2 - 10;
  const { y } = document;
  for (const [at, [title, name]] of (
    [
      ['Operator', operator],
      ['Verifier', verifier],
    ] as const
  ).entries()) {
    const x = page.margin + at * (half + 20);
    document.font(fonts.plain).fontSize(8.8).fillColor(colours.quiet).text(title, x, y, { width: half });
    document.fillColor(colours.ink).text(name ?? '', x, y + 12, { width: half });
    document
      .moveTo(x, y + 50)
      .lineTo(x + half, y + 50)
      .lineWidth(0.6)
      .strokeColor(colours.line)
      .stroke();
    document
      .fontSize(7.5)
      .fillColor(colours.quiet)
      .text('name, title, place, date, signature', x, y + 53);
  }
  document.y = y + 66;
}

function proofPart(document: Document, { certificate, signatures }: CertificateRecord): void {
  const { log, execution } = certificate;
  section(document, 'Proof');
  const [origin, size, root] = log.checkpoint.split('\n');
  pairs(document, [
    ['Event', `${execution.eventId}, number ${log.index} of the log ${log.origin}`],
    ['Checkpoint', `${origin}, ${size} events, root ${root}`],
    ['Inclusion proof', `${log.proof.length} hashes`],
    ...signatures.map(({ kind, publicKey }): readonly [string, string] => [
      kind === 'ed25519' ? 'Signed (Ed25519)' : 'Signed (ML-DSA-44)',
      `by the key ${publicKey.slice(0, 60)}${publicKey.length > 60 ? '…' : ''}`,
    ]),
    [
      'To check',
      'claviger audit verify-certificate FILE.json, without the server; the JSON is attached to this document, and it alone is what is signed',
    ],
  ]);
}

function limitsPart(document: Document, { limits }: CertificateRecord['certificate']): void {
  section(document, 'What this certificate can not promise');
  document.font(fonts.plain).fontSize(8.2);
  for (const limit of limits) {
    const height = document.heightOfString(limit, { width: inner - 12 });
    need(document, height + 4);
    const { y } = document;
    document.fillColor(colours.quiet).text('–', page.margin, y);
    document.fillColor(colours.ink).text(limit, page.margin + 12, y, { width: inner - 12 });
    document.y = y + height + 3;
  }
}

/** The certificate for eyes and for paper, with its JSON attached. The same certificate gives the same bytes. */
export function certificatePdf(record: CertificateRecord): Promise<Buffer> {
  const { certificate } = record;
  const made = new Date(certificate.issuedAt);
  const title = `Certificate of destruction of key ${certificate.key.id}`;
  return pdfOf({ title, author: certificate.issuedBy.software, made }, (document) => {
    document.font(fonts.bold).fontSize(20).fillColor(colours.ink).text('Certificate of destruction');
    document
      .font(fonts.plain)
      .fontSize(9)
      .fillColor(colours.quiet)
      .text(
        `of a cryptographic key, issued ${day(certificate.issuedAt)} by node ${certificate.issuedBy.node} (${certificate.issuedBy.software}), after NIST SP 800-88 Revision 2`,
      );
    document.moveDown(0.6);
    banner(document, certificate);
    keyPart(document, certificate);
    storyPart(document, certificate);
    copiesPart(document, certificate);
    personsPart(document, certificate);
    proofPart(document, record);
    limitsPart(document, certificate);
    footers(document, `Certificate ${certificate.id}, issued ${day(certificate.issuedAt)}`);
    document.file(Buffer.from(`${JSON.stringify(record, null, 2)}\n`), {
      name: `certificate-${certificate.id}.json`,
      type: 'application/json',
      description: 'What is signed',
      creationDate: made,
      modifiedDate: made,
      hidden: false,
    });
  });
}
