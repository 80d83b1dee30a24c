import { ClavigerError } from '#domain';

/** One JSON text of a stream, and the line on which it begins (1 for the first). */
export type Entry = { readonly line: number; readonly text: string };

/** CloudTrail allows an event 256 kB; no event of ours comes near. */
export const entryCharsMax = 262_144;

const recordsOpening = /^\{\s*"Records"\s*:\s*\[/;
/** What is still the beginning of that, so that more is wanted before it is decided. */
const recordsBeginning = /^\{\s*(?:$|"$|"R$|"Re$|"Rec$|"Reco$|"Recor$|"Record$|"Records$|"Records"\s*:?\s*$)/;
const openingCharsMax = 4_096;
const blank = /^\s*/;

type Place = 'between' | 'line' | 'first record' | 'next record' | 'record' | 'comma' | 'closing';

export function malformed(line: number, what: string): ClavigerError {
  return new ClavigerError('input-invalid', `Line ${line}: ${what}`);
}

/**
 * Cuts a stream of text into JSON objects: one a line, or the members of `{"Records":[...]}` (one such object or several after each other,
 * written on one line or many). No more than one object is kept. Throws `input-invalid` with the line.
 */
export class EntrySplitter {
  #place: Place = 'between';
  #pending = '';
  #line = 1;
  /** Of the record that is being looked through. */
  #at = 0;
  #depth = 0;
  #inString = false;
  #isEscaped = false;

  push(chunk: string): Entry[] {
    this.#pending += chunk;
    return this.#cut(false);
  }

  end(): Entry[] {
    const entries = this.#cut(true);
    if (this.#place !== 'between' || this.#pending.trim() !== '')
      throw malformed(this.#line, 'the text ends in the middle of a record.');
    return entries;
  }

  #cut(isLast: boolean): Entry[] {
    const entries: Entry[] = [];
    for (;;) {
      const place = this.#place;
      const left = this.#pending.length;
      if (place === 'between') this.#begin(isLast);
      else if (place === 'line') this.#takeLine(isLast, entries);
      else if (place === 'first record' || place === 'next record') this.#beginRecord();
      else if (place === 'record') this.#takeRecord(entries);
      else if (place === 'comma') this.#takeComma();
      else this.#close();
      if (this.#place === place && this.#pending.length === left) return entries;
    }
  }

  /** Drops so many characters of what is pending. */
  #drop(length: number): void {
    for (
      let at = this.#pending.indexOf('\n');
      at >= 0 && at < length;
      at = this.#pending.indexOf('\n', at + 1)
    )
      this.#line += 1;
    this.#pending = this.#pending.slice(length);
  }

  #skipBlank(): void {
    const length = blank.exec(this.#pending)?.[0].length ?? 0;
    if (length > 0) this.#drop(length);
  }

  #begin(isLast: boolean): void {
    this.#skipBlank();
    if (this.#pending === '') return;
    const opening = recordsOpening.exec(this.#pending.slice(0, openingCharsMax))?.[0];
    if (opening !== undefined) {
      this.#drop(opening.length);
      this.#place = 'first record';
    } else if (isLast || this.#pending.length > openingCharsMax || !recordsBeginning.test(this.#pending)) {
      this.#place = 'line';
    }
  }

  #takeLine(isLast: boolean, entries: Entry[]): void {
    const end = this.#pending.indexOf('\n');
    if ((end < 0 ? this.#pending.length : end) > entryCharsMax)
      throw malformed(this.#line, `it is longer than ${entryCharsMax} characters.`);
    if (end < 0 && !isLast) return;
    const text = end < 0 ? this.#pending : this.#pending.slice(0, end);
    if (text.trim() !== '') entries.push({ line: this.#line, text });
    this.#drop(end < 0 ? text.length : end + 1);
    this.#place = 'between';
  }

  #beginRecord(): void {
    this.#skipBlank();
    const first = this.#pending[0];
    if (first === undefined) return;
    if (first === ']' && this.#place === 'first record') {
      this.#drop(1);
      this.#place = 'closing';
    } else if (first === '{') {
      this.#place = 'record';
      this.#at = 0;
      this.#depth = 0;
    } else {
      throw malformed(this.#line, 'a record of "Records" is no JSON object.');
    }
  }

  #takeRecord(entries: Entry[]): void {
    const end = this.#endOfRecord();
    if ((end < 0 ? this.#pending.length : end) > entryCharsMax)
      throw malformed(this.#line, `a record is longer than ${entryCharsMax} characters.`);
    if (end < 0) return;
    entries.push({ line: this.#line, text: this.#pending.slice(0, end) });
    this.#drop(end);
    this.#place = 'comma';
  }

  #takeComma(): void {
    this.#skipBlank();
    const mark = this.#pending[0];
    if (mark === undefined) return;
    if (mark !== ',' && mark !== ']')
      throw malformed(this.#line, 'between two records of "Records" there is no comma.');
    this.#drop(1);
    this.#place = mark === ',' ? 'next record' : 'closing';
  }

  /** Where the object that began ends; -1: not yet. It goes on where it stopped. */
  #endOfRecord(): number {
    const text = this.#pending;
    for (let at = this.#at; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      if (this.#inString) {
        if (this.#isEscaped) this.#isEscaped = false;
        else if (code === 0x5c) this.#isEscaped = true;
        else if (code === 0x22) this.#inString = false;
      } else if (code === 0x22) {
        this.#inString = true;
      } else if (code === 0x7b) {
        this.#depth += 1;
      } else if (code === 0x7d) {
        this.#depth -= 1;
        if (this.#depth === 0) return at + 1;
      }
    }
    this.#at = text.length;
    return -1;
  }

  #close(): void {
    this.#skipBlank();
    if (this.#pending === '') return;
    if (this.#pending[0] !== '}') throw malformed(this.#line, 'after "Records" there is more than its end.');
    this.#drop(1);
    this.#place = 'between';
  }
}
