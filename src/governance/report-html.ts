import type { CheckOutcome } from './check.ts';
import { evidenceId, evidenceIndex } from './evidence-index.ts';
import type { ComplianceRun, RequirementResult } from './framework.ts';
import { reportStyle } from './report-style.ts';
import {
  methodWords,
  outcomeMeanings,
  outcomeOrder,
  outcomeWords,
  timeOf,
  verdictWords,
} from './report-words.ts';

type CheckIn = ComplianceRun['checks'][number];

const entities: Readonly<Record<string, string>> = Object.freeze({
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
});

/** Text that stands in a document or in a quoted attribute as what it is. Characters that HTML has not become U+FFFD. */
export function escapeHtml(text: string): string {
  return text
    .toWellFormed()
    .replace(/(?![\t\n\r])\p{Cc}|[\ufffe\uffff]/gu, '\ufffd')
    .replace(/[&<>"']/g, (character) => entities[character] ?? '');
}

/** Direction marks in names that others chose can turn what stands beside them. */
const code = (text: string): string => `<code><bdi>${escapeHtml(text)}</bdi></code>`;
const badge = (outcome: CheckOutcome): string =>
  `<span class="badge ${outcome}">${outcomeWords[outcome]}</span>`;

/** An id for links inside the document. */
const anchor = (kind: string, id: string): string => `${kind}-${id.replace(/[^A-Za-z0-9.-]/g, '_')}`;
const link = (kind: string, id: string): string => `<a href="#${anchor(kind, id)}">${code(id)}</a>`;

function facts(run: ComplianceRun): string {
  const { log, marked } = run;
  const rows: readonly (readonly [string, string])[] = [
    ['Framework', code(run.framework.id)],
    ['Judged for', escapeHtml(timeOf(run.at))],
    [
      'Keys',
      `${run.keys}${marked ? `, of which ${marked.keys} are marked as protecting ${escapeHtml(marked.data)}` : ''}`,
    ],
    ['Log', log ? `${code(log.origin)}, ${log.size} events` : 'none'],
    ...(log ? ([['Root of the log', code(log.root)]] as const) : []),
    ['Software', escapeHtml(run.software)],
    ['Format', code(run.format)],
  ];
  return `<dl class="facts">${rows.map(([name, value]) => `<dt>${name}</dt><dd>${value}</dd>`).join('\n')}</dl>`;
}

function summaryPart(run: ComplianceRun): string {
  const tiles = outcomeOrder
    .map(
      (outcome) =>
        `<li class="${outcome}"><b>${run.summary[outcome]}</b><span>${outcomeWords[outcome]}</span></li>`,
    )
    .join('\n');
  // the same numbers stand in words above: the bar is for eyes alone
  const bar = outcomeOrder
    .filter((outcome) => run.summary[outcome] > 0)
    .map((outcome) => `<span class="${outcome}" style="flex:${run.summary[outcome]}"></span>`)
    .join('');
  return `<section aria-labelledby="summary">
<h2 id="summary">1. Summary</h2>
<p><strong>${escapeHtml(verdictWords(run))}</strong></p>
<ul class="tiles">
${tiles}
</ul>
<div class="bar" aria-hidden="true">${bar}</div>
<p class="quiet">${escapeHtml(run.framework.scope)}</p>
${attention(run)}
<h3>How this was judged</h3>
<ul>
${methodWords(run)
  .map((line) => `<li>${escapeHtml(line)}</li>`)
  .join('\n')}
</ul>
<table>
<caption>What the outcomes mean</caption>
<thead><tr><th scope="col">Outcome</th><th scope="col">Meaning</th></tr></thead>
<tbody>
${outcomeOrder.map((outcome) => `<tr><th scope="row">${badge(outcome)}</th><td>${outcomeMeanings[outcome]}</td></tr>`).join('\n')}
</tbody>
</table>
</section>`;
}

/** What to do first: checks that fail, and what persons owe. */
function attention(run: ComplianceRun): string {
  const open = run.checks.filter(({ outcome }) => outcome === 'fail' || outcome === 'manual');
  if (open.length === 0) return '';
  const rows = outcomeOrder
    .flatMap((outcome) => open.filter((check) => check.outcome === outcome))
    .map(
      ({ id, outcome, reason }) =>
        `<tr><th scope="row">${link('check', id)}</th><td>${badge(outcome)}</td><td>${escapeHtml(reason)}</td></tr>`,
    )
    .join('\n');
  return `<table>
<caption>Checks that fail or wait for a person, ${open.length} in number</caption>
<thead><tr><th scope="col" class="wide">Check</th><th scope="col">Outcome</th><th scope="col">What was found</th></tr></thead>
<tbody>
${rows}
</tbody>
</table>`;
}

function requirementPart(
  { id, gist, outcome, reason, checks }: RequirementResult,
  byId: ReadonlyMap<string, CheckIn>,
): string {
  const items = checks
    .map((check) => {
      const found = byId.get(check);
      return `<li>${badge(found?.outcome ?? 'no-data')} ${link('check', check)} <span>${escapeHtml(found?.title ?? '')}</span></li>`;
    })
    .join('\n');
  return `<article class="requirement ${outcome}" id="${anchor('requirement', id)}">
<div class="head"><h3>${escapeHtml(id)}</h3>${badge(outcome)}</div>
<p>${escapeHtml(gist)}</p>
<p class="quiet">${escapeHtml(reason)}</p>
${items ? `<ul class="checks">\n${items}\n</ul>` : ''}
</article>`;
}

function exceptionsPart({ exceptions, exceptionsTotal }: CheckIn): string {
  if (exceptions.length === 0) return '';
  const shown =
    exceptions.length < exceptionsTotal
      ? `the first ${exceptions.length} of ${exceptionsTotal}`
      : String(exceptionsTotal);
  return `<table>
<caption>Exceptions: ${shown}</caption>
<thead><tr><th scope="col" class="wide">Subject</th><th scope="col">Why</th></tr></thead>
<tbody>
${exceptions.map(({ subject, why }) => `<tr><th scope="row">${code(subject)}</th><td>${escapeHtml(why)}</td></tr>`).join('\n')}
</tbody>
</table>`;
}

function checkPart(run: ComplianceRun, check: CheckIn): string {
  const references = check.evidence
    .map((reference) => link('evidence', evidenceId(run, reference)))
    .join(', ');
  return `<article class="check ${check.outcome}${check.exceptions.length > 12 ? ' long' : ''}" id="${anchor('check', check.id)}">
<div class="head"><h3>${code(check.id)}</h3>${badge(check.outcome)}</div>
<p>${escapeHtml(check.title)}</p>
<p>${escapeHtml(check.reason)}</p>
<p class="quiet">Method ${escapeHtml(check.method)}, version ${check.version}, population ${check.population}, exceptions ${check.exceptionsTotal}.</p>
${exceptionsPart(check)}
<p class="evidence">Evidence: ${references || 'none'}</p>
</article>`;
}

/** What more checks rest on is about everything. */
const checksShownMax = 8;

function evidencePart(run: ComplianceRun): string {
  const rows = evidenceIndex(run).map(
    ({ id, what, checks, requirements }) =>
      `<tr id="${anchor('evidence', id)}"><th scope="row">${code(id)}</th><td>${escapeHtml(what)}</td><td>${checks.length > checksShownMax ? `${checks.length} checks` : checks.map((check) => link('check', check)).join(', ')}</td><td>${requirements.map((one) => `<a href="#${anchor('requirement', one)}">${escapeHtml(one)}</a>`).join(', ')}</td></tr>`,
  );
  return `<section aria-labelledby="evidence">
<h2 id="evidence">4. Evidence</h2>
<p class="quiet">Each reference has an id of its own that stays the same in every report. The evidence bundle holds the entries with their proofs; it can be verified without the server.</p>
${
  rows.length === 0
    ? '<p>Nothing was referred to.</p>'
    : `<table class="index">
<caption>Index of evidence, ${rows.length} in number</caption>
<thead><tr><th scope="col">Id</th><th scope="col">What</th><th scope="col">Checks</th><th scope="col">Requirements</th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table>`
}
</section>`;
}

/**
 * A run as one HTML document for screens and for paper. It has no scripts and loads nothing; whatever came from outside stands as text. The
 * same run gives the same bytes.
 */
export function complianceReport(run: ComplianceRun): string {
  const byId = new Map(run.checks.map((check) => [check.id, check]));
  const rows = run.requirements
    .map(
      ({ id, gist, outcome }) =>
        `<tr><th scope="row"><a href="#${anchor('requirement', id)}">${escapeHtml(id)}</a></th><td>${escapeHtml(gist)}</td><td>${badge(outcome)}</td></tr>`,
    )
    .join('\n');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="referrer" content="no-referrer">
<title>${escapeHtml(run.framework.title)}: compliance report</title>
<style>${reportStyle}</style>
</head>
<body>
<header>
<p class="eyebrow">Compliance report</p>
<h1>${escapeHtml(run.framework.title)}</h1>
${facts(run)}
</header>
<main>
${summaryPart(run)}
<section aria-labelledby="requirements">
<h2 id="requirements">2. Requirements</h2>
<table>
<caption>Requirements and their outcomes, in the order of the framework; the words are our own</caption>
<thead><tr><th scope="col">Requirement</th><th scope="col">What it asks</th><th scope="col">Outcome</th></tr></thead>
<tbody>
${rows}
</tbody>
</table>
${run.requirements.map((requirement) => requirementPart(requirement, byId)).join('\n')}
</section>
<section aria-labelledby="checks">
<h2 id="checks">3. Checks</h2>
${run.checks.map((check) => checkPart(run, check)).join('\n')}
</section>
${evidencePart(run)}
</main>
<footer>${escapeHtml(run.software)}, ${escapeHtml(timeOf(run.at))}. Gists of requirements are not the standard's own words; the standard decides.</footer>
</body>
</html>
`;
}
