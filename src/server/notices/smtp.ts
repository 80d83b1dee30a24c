import { createHash } from 'node:crypto';
import { noticeMail, type Notice } from '#audit';
import { type Destination, isLoopback } from './destination.ts';
import { readSecretFile, type WantedSmtp } from './read-destinations.ts';

const millisMax = 10_000;

type Parts = { readonly wanted: WantedSmtp; readonly caPem: string | null };

/** The password, which the library wants as text; it is read for each mail and kept nowhere. */
async function readPassword(file: string): Promise<string> {
  const bytes = await readSecretFile(file);
  try {
    return bytes.toString('utf8').replace(/\r?\n$/, '');
  } finally {
    bytes.fill(0);
  }
}

/** Hands mails to a server of SMTP. TLS is required, unless the server is on this machine. */
export function openSmtp({ wanted, caPem }: Parts): Destination {
  const { host, port, security, from, to, user, passwordFile } = wanted;

  async function send(notice: Notice): Promise<void> {
    const { createTransport } = await import('nodemailer');
    const auth =
      user === undefined || passwordFile === undefined
        ? {}
        : { auth: { user, pass: await readPassword(passwordFile) } };
    const transport = createTransport({
      host,
      port,
      secure: security === 'tls',
      requireTLS: security === 'starttls' && !isLoopback(host),
      tls: { minVersion: 'TLSv1.2', ...(caPem === null ? {} : { ca: caPem }) },
      connectionTimeout: millisMax,
      greetingTimeout: millisMax,
      socketTimeout: millisMax,
      disableFileAccess: true,
      disableUrlAccess: true,
      ...auth,
    });
    try {
      const { subject, text } = noticeMail(notice);
      const id = createHash('sha256').update(notice.id).digest('hex').slice(0, 32);
      // the same at each try, so that mailboxes can tell
      await transport.sendMail({ from, to, subject, text, messageId: `<${id}@claviger.invalid>` });
    } finally {
      transport.close();
    }
  }

  return {
    name: wanted.name,
    kind: 'smtp',
    where: `${host}:${port}`,
    topics: wanted.topics,
    sendNotice: send,
  };
}
