import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { outcomeOrder, outcomeWords } from './report-words.ts';
import { complianceReport, escapeHtml } from './report-html.ts';
import { hostile, poisoned, someRuns } from './run.fixture.ts';

const runs = await someRuns();

/** Names of all elements; attributes that could load or do something would show here too. */
function elementsOf(html: string): Set<string> {
  return new Set([...html.matchAll(/<\/?([a-zA-Z][^\s>/]*)/g)].map(([, name]) => name ?? ''));
}

const plain = new Set(
  'html head meta title style body header main section article footer h1 h2 h3 p dl dt dd ul li b span strong div table caption thead tbody tr th td a code bdi'.split(
    ' ',
  ),
);

describe('the HTML report', () => {
  it('is the same bytes for the same run', () => {
    for (const run of runs) assert.equal(complianceReport(structuredClone(run)), complianceReport(run));
  });

  it('loads nothing, runs nothing, and has plain elements only', () => {
    for (const run of [...runs, ...runs.map(poisoned)]) {
      const html = complianceReport(run);
      assert.deepEqual(
        [...elementsOf(html)].filter((name) => !plain.has(name)),
        [],
      );
      assert.doesNotMatch(html, /<[^>]+\s(on\w+|src|srcset|action|data)\s*=/i);
      assert.doesNotMatch(html, /url\(|@import/i);
      for (const [, href = ''] of html.matchAll(/href="([^"]*)"/g)) assert.match(href, /^#[A-Za-z0-9_.-]+$/);
      assert.match(html, /Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'/);
    }
  });

  it('links to places that there are, each of which is there once', () => {
    for (const run of runs) {
      const html = complianceReport(run);
      const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
      assert.equal(new Set(ids).size, ids.length, run.framework.id);
      const known = new Set(ids);
      for (const [, target] of html.matchAll(/href="#([^"]+)"/g)) assert.ok(known.has(target), `#${target}`);
    }
  });

  it('tells every requirement, check, exception and reference, with its outcome in words', () => {
    for (const run of runs) {
      const html = complianceReport(run);
      for (const { id, gist, reason } of run.requirements)
        for (const text of [id, gist, reason]) assert.ok(html.includes(escapeHtml(text)), text);
      for (const { reason, exceptions } of run.checks) {
        assert.ok(html.includes(escapeHtml(reason)), reason);
        for (const { subject, why } of exceptions)
          for (const text of [subject, why]) assert.ok(html.includes(escapeHtml(text)), text);
      }
      for (const outcome of outcomeOrder) assert.ok(html.includes(`>${outcomeWords[outcome]}<`));
    }
  });

  it('has a language, one title, headings without a gap, and tables with captions and heads', () => {
    for (const run of runs) {
      const html = complianceReport(run);
      assert.match(html, /^<!doctype html>\n<html lang="en">/);
      assert.equal(html.match(/<h1>/g)?.length, 1);
      const levels = [...html.matchAll(/<h(\d)[ >]/g)].map(([, level]) => Number(level));
      for (const [at, level] of levels.entries()) assert.ok(level - (levels[at - 1] ?? 0) <= 1);
      assert.equal(html.match(/<table[ >]/g)?.length, html.match(/<table[^>]*>\n<caption>/g)?.length);
      for (const [head] of html.matchAll(/<th[ >][^>]*>/g)) assert.match(head, / scope="(col|row)"/);
    }
  });

  it('takes text as text, whatever is in it', () => {
    assert.doesNotMatch(escapeHtml(hostile), /[<>"']|(?!\n)\p{Cc}/u);
    assert.ok(escapeHtml(hostile).isWellFormed());
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        assert.doesNotMatch(escapeHtml(text), /[<>"']|(?![\t\n\r])\p{Cc}|&(?!amp;|lt;|gt;|quot;|#39;)/u);
      }),
    );
  });
});
