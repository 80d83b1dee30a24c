import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createGaps, lines, list, paragraph, signatures, type WrittenDocument } from './document.ts';
import { escapeHtml, htmlOf } from './html.ts';
import { markdownOf, words } from './markdown.ts';

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc.string({ unit: fc.constantFrom(...Array.from('<>&"\'`*_[]()|~\\#-+=1.:/@$! \n\r\t')), maxLength: 80 }),
  fc.constantFrom(
    '<script>alert(1)</script>',
    '"><img src=x onerror=y>',
    '```\n# x',
    '| a |',
    'http://a.example',
  ),
);

const documentOf = (text: string): WrittenDocument => ({
  format: 'claviger-document/1',
  kind: 'test',
  title: text,
  about: [[text, text]],
  sections: [
    {
      title: text,
      blocks: [
        paragraph(text),
        list([text, text]),
        lines(text, text),
        signatures([text]),
        { kind: 'table', columns: [text, 'b'], rows: [[text, text]] },
      ],
    },
  ],
  missing: [text],
});

const tags = new Set(
  'html head meta title style body h1 h2 dl dt dd section p ul li pre table thead tbody tr th td'.split(' '),
);

describe('a document as a page', () => {
  it('has no other tags than its own, whatever its words are', () => {
    const plain = htmlOf(documentOf('x'));
    const countTags = (page: string) => [...page.matchAll(/<\/?([a-z0-9!]+)/gi)].map((match) => match[1]);
    fc.assert(
      fc.property(anyText, (text) => {
        const page = htmlOf(documentOf(text));
        assert.deepEqual(countTags(page), countTags(plain));
        for (const [, name] of page.matchAll(/<\/?([^\s>]+)/g))
          assert.ok(tags.has((name ?? '').toLowerCase()) || name === '!doctype', name ?? '');
        assert.ok(page.isWellFormed());
        assert.doesNotMatch(page, /(?![\n\t])\p{Cc}/u);
      }),
    );
  });

  it('shows its words as they are', () => {
    const back: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii' }), (text) => {
        const read = escapeHtml(text).replace(/&([a-z0-9#]+);/g, (_all, name: string) => back[name] ?? '?');
        assert.equal(read, text);
      }),
    );
  });

  it('needs nothing from elsewhere, and runs nothing', () => {
    const page = htmlOf(documentOf('x'));
    assert.doesNotMatch(page, /<script|<link|<img|\ssrc=|\shref=|url\(|@import|\son[a-z]+=/i);
    assert.match(page, /default-src 'none'/);
  });
});

/** What a reader of Markdown makes of escaped words that hold no marks of their own. */
const unescaped = (text: string): string => text.replace(/\\([!-/:-@[-`{-~])/g, '$1');

describe('a document in Markdown', () => {
  it('has its words as words: every mark in them is escaped', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const made = words(text);
        const rest = made.replace(/\\[!-/:-@[-`{-~]/g, '');
        assert.doesNotMatch(rest, /[\\`*_[\]<>|~&$@]|:\/\/|\n|\r/);
        assert.doesNotMatch(made, /^([-+=#]|\d+[.)])|www\./i);
        assert.equal(
          unescaped(made),
          text
            .toWellFormed()
            .replace(/[\s\p{Cc}]+/gu, ' ')
            .trim(),
        );
      }),
    );
  });

  it('has the same blocks, whatever its words are', () => {
    const shape = (text: string) =>
      markdownOf(documentOf(text))
        .split('\n')
        .map((line) => /^(#+ |- |\||`{3,}$)/.exec(line)?.[0]?.replace(/`+/, '```') ?? '');
    const plain = shape('x');
    fc.assert(
      fc.property(
        // words that are not empty, so that no paragraph is left out, and no blanks at the ends
        anyText.map((text) => `x${text.replace(/[\r\n]/g, ' ')}x`),
        (text) => assert.deepEqual(shape(text), plain),
      ),
    );
  });

  it('puts lines into a fence that none of them closes', () => {
    const text = markdownOf({
      ...documentOf('x'),
      sections: [{ title: 't', blocks: [lines('````', 'a\nb')] }],
    });
    assert.match(text, /\n`````\n````\na b\n`````\n/);
  });
});

describe('what a document has no answer for', () => {
  it('is marked in its place, and told once', () => {
    const gaps = createGaps();
    assert.equal(gaps.need('here', 'the place'), 'here');
    for (const nothing of [null, undefined, '', ' '])
      assert.equal(gaps.need(nothing, 'the owner'), '[missing]');
    gaps.miss('the log');
    assert.deepEqual(gaps.all(), ['the owner', 'the log']);
    const document = { ...documentOf('x'), missing: gaps.all() };
    assert.match(markdownOf(document), /## What is missing in this document\n\n- the owner\n- the log\n/);
    assert.match(htmlOf(document), /<li>the owner<\/li>\n<li>the log<\/li>/);
    assert.doesNotMatch(markdownOf({ ...document, missing: [] }), /missing in this document/);
  });
});
