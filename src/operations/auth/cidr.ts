import { BlockList, isIP } from 'node:net';

type Range = { readonly address: string; readonly bits: number; readonly family: 'ipv4' | 'ipv6' };

const textMax = 64;

/** An address with or without the length of its prefix; null: it is none. */
function readRange(text: string): Range | null {
  if (text.length > textMax || text.includes('%')) return null;
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  const version = isIP(address);
  if (version === 0) return null;
  const most = version === 4 ? 32 : 128;
  const length = slash < 0 ? String(most) : text.slice(slash + 1);
  if (!/^(0|[1-9][0-9]{0,2})$/.test(length) || Number(length) > most) return null;
  return { address, bits: Number(length), family: version === 4 ? 'ipv4' : 'ipv6' };
}

/** Whether a text is an address range such as `10.0.0.0/8`, or one address. */
export function isCidr(text: string): boolean {
  return readRange(text) !== null;
}

/** An address as sockets tell it, without the form in which IPv6 tells an address of IPv4. */
function plainAddress(address: string): string {
  return /^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(address) ? address.slice('::ffff:'.length) : address;
}

/** Whether an address is in one of the ranges; what can't be read is in none. */
export function isWithin(address: string, ranges: readonly string[]): boolean {
  const own = readRange(plainAddress(address));
  return own !== null && !address.includes('/') && ranges.some((range) => holds(range, own));
}

/** Whether all of `inner` is in `outer`. */
function holds(outer: string, inner: Range): boolean {
  const range = readRange(outer);
  if (!range || range.family !== inner.family || range.bits > inner.bits) return false;
  const list = new BlockList();
  list.addSubnet(range.address, range.bits, range.family);
  return list.check(inner.address, inner.family);
}

/** Whether each of the ranges is part of one of the outer ones. */
export function areWithin(ranges: readonly string[], outer: readonly string[]): boolean {
  return ranges.every((text) => {
    const inner = readRange(text);
    return inner !== null && outer.some((range) => holds(range, inner));
  });
}
