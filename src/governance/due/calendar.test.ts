import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import ICAL from 'ical.js';
import { calendarOf, escapeText, fold, uidOf } from './calendar.ts';
import { deadlineKinds, type Deadline } from './deadline.ts';

const at = Date.UTC(2026, 5, 1);

const deadline = (about: Partial<Deadline> = {}): Deadline => ({
  kind: 'rotation',
  at: at + 86_400_000,
  subject: 'key:k/1',
  environment: 'production',
  name: 'cards',
  owner: 'payments',
  what: 'Version 1 is followed by version 2.',
  byItself: 'The server makes it.',
  todo: null,
  command: null,
  ...about,
});

const anyDeadline: fc.Arbitrary<Deadline> = fc.record({
  kind: fc.constantFrom(...deadlineKinds),
  at: fc.integer({ min: 0, max: 4_000_000_000 }).map((seconds) => seconds * 1000),
  subject: fc.string({ unit: 'binary' }),
  environment: fc.option(fc.string()),
  name: fc.string({ unit: 'binary', maxLength: 300 }),
  owner: fc.option(fc.string({ unit: 'grapheme' })),
  what: fc.string({ unit: 'grapheme', maxLength: 300 }),
  byItself: fc.option(fc.string()),
  todo: fc.option(fc.string()),
  command: fc.option(fc.string()),
});

/** What a value of text can hold. */
const shown = (text: string): string =>
  text
    .toWellFormed()
    .replace(/\r\n|[\r\n\u2028\u2029]/g, '\n')
    .replace(/(?!\n)\p{Cc}/gu, ' ');

describe('a calendar', () => {
  it('is what it must be, byte for byte', () => {
    const text = calendarOf({ at, deadlines: [deadline({ todo: 'Look, then act; soon.' })] });
    assert.equal(
      text,
      [
        'BEGIN:VCALENDAR',
        'VERSION:2.0',
        'PRODID:-//Claviger//Key deadlines//EN',
        'CALSCALE:GREGORIAN',
        'X-WR-CALNAME:Key deadlines',
        'BEGIN:VEVENT',
        `UID:${uidOf({ kind: 'rotation', subject: 'key:k/1' })}`,
        'DTSTAMP:20260601T000000Z',
        'DTSTART:20260602T000000Z',
        'SUMMARY:Key rotates: cards (production)',
        String.raw`DESCRIPTION:Version 1 is followed by version 2.\nBy itself: The server make`,
        String.raw` s it.\nTo do: Look\, then act\; soon.\nAnswers for it: payments`,
        'CATEGORIES:rotation',
        'TRANSP:TRANSPARENT',
        'BEGIN:VALARM',
        'ACTION:DISPLAY',
        'TRIGGER;RELATED=START:-P30D',
        'DESCRIPTION:Key rotates: cards (production)',
        'END:VALARM',
        'BEGIN:VALARM',
        'ACTION:DISPLAY',
        'TRIGGER;RELATED=START:-P7D',
        'DESCRIPTION:Key rotates: cards (production)',
        'END:VALARM',
        'END:VEVENT',
        'END:VCALENDAR',
        '',
      ].join('\r\n'),
    );
  });

  it('is read by another program as it was meant', () => {
    fc.assert(
      fc.property(fc.array(anyDeadline, { maxLength: 5 }), (deadlines) => {
        const calendar = new ICAL.Component(ICAL.parse(calendarOf({ at, deadlines })));
        const events = calendar.getAllSubcomponents('vevent').map((each) => new ICAL.Event(each));
        assert.equal(events.length, deadlines.length);
        for (const [index, event] of events.entries()) {
          const meant = deadlines[index] ?? deadline();
          assert.equal(event.uid, uidOf(meant));
          assert.equal(event.startDate.toJSDate().getTime(), meant.at);
          assert.ok(event.summary.includes(shown(meant.name)), JSON.stringify(meant.name));
          assert.ok(event.description.startsWith(shown(meant.what)));
          const alarms = event.component.getAllSubcomponents('valarm');
          assert.equal(alarms.length, meant.todo === null ? 0 : 2);
        }
      }),
    );
  });

  it('has lines of at most 75 octets of whole characters, which end as they must', () => {
    fc.assert(
      fc.property(fc.array(anyDeadline, { maxLength: 5 }), (deadlines) => {
        const text = calendarOf({ at, deadlines });
        assert.ok(text.isWellFormed() && text.endsWith('\r\n'));
        assert.equal(Buffer.from(text).toString('utf8'), text);
        for (const line of text.split('\r\n').slice(0, -1)) {
          assert.ok(Buffer.byteLength(line) <= 75, line);
          assert.doesNotMatch(line, /\p{Cc}/u);
          assert.notEqual(line, '');
        }
      }),
    );
  });

  it('comes back whole from folding, however long a line is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 1000 }), (text) => {
        const line = `X:${escapeText(text)}`;
        assert.equal(fold(line).replaceAll('\r\n ', '').slice(0, -2), line);
      }),
    );
  });

  it('lets no text become a property of its own', () => {
    const evil = 'x\r\nBEGIN:VALARM\nACTION:AUDIO\u2028END:VALARM;,\\';
    const text = calendarOf({ at, deadlines: [deadline({ name: evil, what: evil, owner: evil })] });
    const calendar = new ICAL.Component(ICAL.parse(text));
    assert.equal(calendar.getAllSubcomponents('vevent')[0]?.getAllSubcomponents('valarm').length, 0);
  });

  it('has a stable UID for each deadline, and none twice', () => {
    assert.equal(uidOf(deadline()), uidOf(deadline({ at: 5, name: 'other', owner: null })));
    const uids = deadlineKinds.map((kind) => uidOf({ kind, subject: 'key:k/1' }));
    assert.equal(new Set(uids).size, deadlineKinds.length);
  });

  it('has a component, though nothing falls due', () => {
    const calendar = new ICAL.Component(ICAL.parse(calendarOf({ at, deadlines: [] })));
    assert.equal(calendar.getAllSubcomponents('vjournal').length, 1);
    assert.equal(calendar.getAllSubcomponents('vevent').length, 0);
  });
});
