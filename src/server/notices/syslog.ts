import dgram from 'node:dgram';
import net from 'node:net';
import tls from 'node:tls';
import {
  auditMessage,
  noticeMessage,
  octetCounted,
  ocsfOfEvent,
  ocsfOfNotice,
  syslogBytes,
  type LoggedEvent,
  type Notice,
} from '#audit';
import type { Destination, Speaker } from './destination.ts';
import type { WantedSyslog } from './read-destinations.ts';

const millisMax = 10_000;
/** What receivers over UDP should take whole (RFC 5426 3.2), and what they should over a stream (RFC 5425 4.3.1), several times. */
const datagramBytesMax = 2048;
const streamBytesMax = 65_536;
/** How long a machine that is there takes to say that nothing listens at a port of UDP. */
const refusalMillis = 50;

type Parts = {
  readonly wanted: WantedSyslog;
  readonly caPem: string | null;
  readonly speaker: Speaker;
  /** How long a connection may take. */
  readonly millis?: number;
};

/** Sends the messages over one connection, and waits until the other side has closed it: what it then has, it has read. */
function sendStream(
  { wanted, caPem, millis = millisMax }: Parts,
  messages: readonly Buffer[],
): Promise<void> {
  const { host, port, transport } = wanted;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const ca = caPem === null ? {} : { ca: caPem };
  const name = net.isIP(host) === 0 ? { servername: host } : {};
  const socket =
    transport === 'tls'
      ? tls.connect({ host, port, minVersion: 'TLSv1.2', ...name, ...ca })
      : net.connect({ host, port });
  const timer = setTimeout(() => socket.destroy(new Error('it did not take the messages in time')), millis);
  let isFinished = false;
  let answered = 0;
  socket.once(transport === 'tls' ? 'secureConnect' : 'connect', () => {
    for (const message of messages) socket.write(octetCounted(message));
    socket.end(() => {
      isFinished = true;
    });
  });
  // receivers have nothing to say: what they say is read so that the end is seen, and only so much of it
  socket.on('data', (bytes: Buffer) => {
    answered += bytes.length;
    if (answered > 65_536) socket.destroy(new Error('it answers without end'));
  });
  socket.once('error', reject);
  socket.once('close', () => {
    clearTimeout(timer);
    if (isFinished) resolve();
    else reject(new Error('the connection ended before everything was sent'));
  });
  return promise;
}

/** Sends the messages as datagrams, which nobody acknowledges: only that nothing listens there is sometimes told. */
async function sendDatagrams({ wanted }: Parts, messages: readonly Buffer[]): Promise<void> {
  const { host, port } = wanted;
  const socket = dgram.createSocket(net.isIPv6(host) ? 'udp6' : 'udp4');
  const failed = new Promise<never>((_resolve, reject) => void socket.once('error', reject));
  const send = async (): Promise<void> => {
    await new Promise<void>((done) => socket.connect(port, host, () => done()));
    for (const message of messages)
      await new Promise<void>((done, fail) =>
        socket.send(message, (error) => (error ? fail(error) : done())),
      );
    await new Promise((done) => setTimeout(done, refusalMillis));
  };
  try {
    await Promise.race([send(), failed]);
  } finally {
    socket.close();
  }
}

/** Sends messages of RFC 5424 over UDP (RFC 5426), TCP (RFC 6587, octet counting) or TLS (RFC 5425). */
export function openSyslog(parts: Parts): Destination {
  const { wanted, speaker } = parts;
  const { transport, facility, enterprise, format } = wanted;
  const bytesMax = transport === 'udp' ? datagramBytesMax : streamBytesMax;
  const ways = { facility, enterprise, bytesMax };
  const send = (messages: readonly Buffer[]) =>
    transport === 'udp' ? sendDatagrams(parts, messages) : sendStream(parts, messages);

  function ofNotice(notice: Notice): Buffer {
    const message = noticeMessage(notice, speaker.host);
    const text = format === 'ocsf' ? JSON.stringify(ocsfOfNotice(notice, speaker)) : message.text;
    return syslogBytes({ ...message, text }, ways);
  }

  function ofEvent({ event, index }: LoggedEvent): Buffer {
    const told = format === 'ocsf' ? ocsfOfEvent(event, index, speaker) : event;
    return syslogBytes(auditMessage(event, index, JSON.stringify(told)), ways);
  }

  return {
    name: wanted.name,
    kind: 'syslog',
    where: `${transport}:${wanted.host}:${wanted.port}`,
    topics: wanted.topics,
    sendNotice: (notice) => send([ofNotice(notice)]),
    sendEvents: (events) => send(events.map(ofEvent)),
  };
}
