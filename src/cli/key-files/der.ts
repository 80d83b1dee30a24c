import { refused } from './found.ts';

/** One element of DER that somebody else wrote. */
export type Element = {
  readonly tag: number;
  readonly content: Buffer;
  /** The element itself, with its tag and length. */
  readonly whole: Buffer;
};

const damaged = () => refused('The file is damaged: its DER can not be read.');

//= x.690 10.1: definite lengths; those of more than three bytes have no place in a file of ours
function elementAt(bytes: Buffer, at: number): Element {
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) throw damaged();
  const lengthBytes = first < 0x80 ? 0 : first - 0x80;
  if (first === 0x80 || lengthBytes > 3 || at + 2 + lengthBytes > bytes.length) throw damaged();
  const length = lengthBytes === 0 ? first : bytes.readUIntBE(at + 2, lengthBytes);
  const start = at + 2 + lengthBytes;
  if (start + length > bytes.length) throw damaged();
  return { tag, content: bytes.subarray(start, start + length), whole: bytes.subarray(at, start + length) };
}

const elementsMax = 1000;

/** The elements that follow each other in some bytes, to their end. */
export function elementsOf(bytes: Buffer): Element[] {
  const found: Element[] = [];
  for (let at = 0; at < bytes.length; ) {
    const element = elementAt(bytes, at);
    found.push(element);
    if (found.length > elementsMax) throw damaged();
    at += element.whole.length;
  }
  return found;
}

/** The elements inside one; throws where it is missing or has another tag. */
export function inside(element: Element | undefined, tag: number): Element[] {
  if (element?.tag !== tag) throw damaged();
  return elementsOf(element.content);
}

/** The content of an element; throws where it is missing or has another tag. */
export function contentOf(element: Element | undefined, tag: number): Buffer {
  if (element?.tag !== tag) throw damaged();
  return element.content;
}

export const tags = Object.freeze({
  integer: 0x02,
  octets: 0x04,
  identifier: 0x06,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
  /** [0], constructed. */
  first: 0xa0,
});

/** A small number that is not negative; more than 2^48 is as good as any that is too large. */
export function numberOf(element: Element | undefined): number {
  const content = contentOf(element, tags.integer);
  return content.length <= 6 && content.length > 0 ? content.readUIntBE(0, content.length) : 2 ** 48;
}

/** The largest integer anywhere inside the parameters of an algorithm: the iterations, if there are any. */
export function largestNumber(element: Element, depth = 0): number {
  if (element.tag === tags.integer) return numberOf(element);
  if (element.tag !== tags.sequence || depth > 8) return 0;
  return Math.max(0, ...elementsOf(element.content).map((inner) => largestNumber(inner, depth + 1)));
}
