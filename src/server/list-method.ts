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

/** Bytes of a client that the parser refused, until the head is whole, and then where they go. */
type Handover = { head: Buffer; inner: Duplex | null };
const handovers = new WeakMap<Duplex, Handover>();
const headWaitMillis = 10_000;

function begins(packet: Buffer): boolean {
  const common = Math.min(packet.length, method.length);
  return common > 0 && packet.subarray(0, common).equals(method.subarray(0, common));
}

/** A connection of the server's own, whose answers go to the client. */
function connect(server: Server, socket: Duplex): Duplex {
  const [inner, outer] = duplexPair();
  origins.set(outer, socket);
  inner.pipe(socket);
  inner.on('error', () => socket.destroy());
  socket.on('close', () => inner.destroy());
  // a TLS server would take it for a client that has yet to shake hands
  server.emit('encrypted' in socket ? 'secureConnection' : 'connection', outer);
  return inner;
}

/** The head may come in several packets, of which the parser refuses each; whoever does not end it is let go. */
function newHandover(socket: Duplex): Handover {
  const handover: Handover = { head: Buffer.alloc(0), inner: null };
  handovers.set(socket, handover);
  const limit = setTimeout(() => {
    if (handover.inner === null) socket.destroy();
  }, headWaitMillis);
  socket.once('close', () => clearTimeout(limit));
  return handover;
}

/**
 * Serves a request whose method is LIST, which the parser of Node does not know and clients of Vault send: its head goes into the same
 * server once more, as a marked GET on a connection of its own, and what follows goes after it. False: it is no such request, or its
 * head is too long.
 */
export function handOnList(server: Server, socket: Duplex, packet: Buffer | undefined): boolean {
  if (!packet) return false;
  const handover = handovers.get(socket) ?? (begins(packet) ? newHandover(socket) : null);
  if (handover === null) return false;
  if (handover.inner) {
    handover.inner.write(packet);
    return true;
  }
  const bytes = Buffer.concat([handover.head, packet]);
  if (!begins(bytes)) return false;
  const end = bytes.indexOf('\r\n\r\n');
  if (end > headMax || (end < 0 && bytes.length > headMax)) return false;
  if (end < 0) {
    handover.head = bytes;
    return true;
  }
  const head = bytes.subarray(method.length, end).toString('latin1');
  handover.head = Buffer.alloc(0);
  handover.inner = connect(server, socket);
  handover.inner.write(`GET ${head}\r\n${listMark}: LIST\r\nconnection: close\r\n\r\n`, 'latin1');
  if (end + 4 < bytes.length) handover.inner.write(bytes.subarray(end + 4));
  return true;
}
