import type { Server } from 'node:http';
import { type Duplex, duplexPair } from 'node:stream';

/** Marks a GET that came as LIST; the listener takes it out of every request that says so by itself. */
export const listMark = 'x-claviger-method';

const headMax = 16_384;
const method = Buffer.from('LIST ');

/** The connection that a request came by, where it was handed on from another one. */
const origins = new WeakMap<Duplex, Duplex>();

/** The connection of the client. */
export function originOf<S extends Duplex>(socket: S): S {
  return (origins.get(socket) as S | undefined) ?? socket;
}

/** Whether the request was handed on here, so that its mark is our own. */
export function isHandedOn(socket: Duplex): boolean {
  return origins.has(socket);
}

/**
 * Serves a request whose method is LIST, which the parser of Node does not know and clients of Vault send: its head goes into the same
 * server once more, as a marked GET on a connection of its own. False: it is no such request, or its head is not whole.
 */
export function handOnList(server: Server, socket: Duplex, packet: Buffer | undefined): boolean {
  if (!packet?.subarray(0, method.length).equals(method)) return false;
  const end = packet.indexOf('\r\n\r\n');
  // what follows the head would be the body of a request without one, or a second request
  if (end < 0 || end > headMax || end + 4 !== packet.length) return false;
  const head = packet.subarray(method.length, end).toString('latin1');
  const [inner, outer] = duplexPair();
  origins.set(outer, socket);
  inner.pipe(socket);
  inner.on('error', () => socket.destroy());
  socket.on('close', () => inner.destroy());
  server.emit('connection', outer);
  inner.write(`GET ${head}\r\n${listMark}: LIST\r\nconnection: close\r\n\r\n`, 'latin1');
  return true;
}
