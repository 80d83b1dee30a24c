import { scan, type Token } from './scan.ts';
import { type Source, shown } from './source.ts';

/** A value of the text, with the place where it stands. */
export type Value =
  | { readonly kind: 'text'; readonly at: number; readonly text: string }
  | { readonly kind: 'plain'; readonly at: number; readonly plain: number | boolean | null }
  | { readonly kind: 'list'; readonly at: number; readonly items: readonly Value[] }
  | ObjectValue;

export type ObjectValue = {
  readonly kind: 'object';
  readonly at: number;
  readonly members: readonly Member[];
};

export type Member = {
  readonly name: string;
  readonly at: number;
  /** What stands between the name and the brace: the path of a path block. */
  readonly labels: readonly string[];
  readonly value: Value;
};

const depthMax = 16;

/** Reads HCL (as far as policies use it) or JSON into a tree. Throws `policy-malformed`. */
export function parseTree(source: Source): ObjectValue {
  const next = scan(source);
  const isJson = source.dialect === 'json';
  let token = next();

  function fail(expected: string): Error {
    const found =
      token.kind === 'end' ? 'the end' : token.kind === 'sign' ? shown(token.text) : `a ${token.kind}`;
    return source.malformed(token.at, `${expected} is expected, not ${found}`);
  }

  function advance(): Token {
    const taken = token;
    token = next();
    return taken;
  }

  const isSign = (sign: string) => token.kind === 'sign' && token.text === sign;
  const isName = () => token.kind === 'string' || (!isJson && token.kind === 'word');

  function skip(sign: string): boolean {
    const found = isSign(sign);
    if (found) advance();
    return found;
  }

  function expect(sign: string): void {
    if (!skip(sign)) throw fail(shown(sign));
  }

  /** From the opening brace, bracket, or the begin of the text, to what closes it. */
  function members(isEnd: () => boolean, depth: number): Member[] {
    const found: Member[] = [];
    while (!isEnd()) {
      if (!isName()) throw fail(isJson ? 'a name in quotes' : 'a name');
      found.push(member(depth));
      if (isJson && !isEnd()) {
        expect(',');
        if (!isName()) throw fail('a name in quotes');
      } else {
        skip(',');
      }
    }
    return found;
  }

  function member(depth: number): Member {
    const { text: name, at } = advance();
    const labels: string[] = [];
    if (isJson) {
      expect(':');
    } else {
      while (isName()) labels.push(advance().text);
      const isAssigned = labels.length === 0 && skip('=');
      if (!isAssigned && !isSign('{')) throw fail(labels.length === 0 ? '"=" or "{"' : '"{"');
    }
    return { name, at, labels, value: value(depth + 1) };
  }

  function value(depth: number): Value {
    const { at } = token;
    if (depth > depthMax) throw source.malformed(at, `the nesting is deeper than ${depthMax}`);
    if (skip('{')) {
      const found = members(() => isSign('}') || token.kind === 'end', depth);
      expect('}');
      return { kind: 'object', at, members: found };
    }
    if (skip('[')) return { kind: 'list', at, items: items(depth) };
    if (token.kind === 'string') return { kind: 'text', at, text: advance().text };
    if (token.kind === 'number') return { kind: 'plain', at, plain: exactNumber() };
    if (token.kind === 'word') {
      if (token.text === 'true' || token.text === 'false')
        return { kind: 'plain', at, plain: advance().text === 'true' };
      if (isJson && token.text === 'null') {
        advance();
        return { kind: 'plain', at, plain: null };
      }
    }
    throw fail('a value');
  }

  function items(depth: number): Value[] {
    const found: Value[] = [];
    while (!isSign(']')) {
      found.push(value(depth + 1));
      if (isSign(']')) break;
      expect(',');
      if (isJson && isSign(']')) throw fail('a value');
    }
    expect(']');
    return found;
  }

  function exactNumber(): number {
    const { text, at } = advance();
    const isNegativeHex = /^-0x/i.test(text);
    const read = isNegativeHex ? -Number(text.slice(1)) : Number(text);
    if (!Number.isFinite(read) || Math.abs(read) > Number.MAX_SAFE_INTEGER)
      throw source.malformed(at, 'the number is too large');
    return read;
  }

  if (isJson) {
    const root = value(0);
    if (token.kind !== 'end') throw fail('the end');
    if (root.kind !== 'object') throw source.malformed(root.at, 'an object is expected');
    return root;
  }
  return { kind: 'object', at: 0, members: members(() => token.kind === 'end', 0) };
}
