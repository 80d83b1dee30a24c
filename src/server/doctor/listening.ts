import { createPrivateKey, X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import type { Config } from '../config.ts';
import { localAddress } from '../credentials-file.ts';
import { fail, ok, warn, type Check, type Found } from './finding.ts';

const dayMillis = 86_400_000;
const daysLeftGood = 21;

function tlsFiles({ tls }: Config): Found {
  if (!tls) return ok('no TLS: only programs on this machine can connect');
  const certificate = new X509Certificate(fs.readFileSync(tls.certFile));
  const key = createPrivateKey(fs.readFileSync(tls.keyFile));
  if (!certificate.checkPrivateKey(key))
    return fail('certificate and private key do not belong together', 'configure the two files of one pair');
  if (process.platform !== 'win32' && (fs.statSync(tls.keyFile).mode & 0o077) !== 0)
    return fail(`others can read ${tls.keyFile}`, `chmod 600 ${tls.keyFile}`);
  const left = (Date.parse(certificate.validTo) - Date.now()) / dayMillis;
  if (Date.parse(certificate.validFrom) > Date.now())
    return fail(`the certificate is valid only from ${certificate.validFrom}`, 'look at the clock');
  if (left <= 0)
    return fail(`the certificate ended ${certificate.validTo}`, 'renew it and restart the server');
  const facts = `certificate of ${certificate.subject.replaceAll('\n', ', ')}, ${Math.floor(left)} days left`;
  return left < daysLeftGood ? warn(facts, 'renew it and restart the server') : ok(facts);
}

/** Null where nothing listens, else what stands in the way of listening. */
async function whyTaken({ host, port }: Config['listen']): Promise<string | null> {
  const probe = net.createServer();
  const { promise, resolve } = Promise.withResolvers<string | null>();
  probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  probe.listen({ host, port }, () => probe.close(() => resolve(null)));
  return promise;
}

async function answerOf(address: string, at: string): Promise<Record<string, unknown> | null> {
  try {
    const response = await fetch(`${address}${at}`, { signal: AbortSignal.timeout(5000) });
    return (await response.json()) as Record<string, unknown>;
  } catch {
    return null;
  }
}

async function listener(config: Config): Promise<Found> {
  const address = localAddress(config);
  const taken = await whyTaken(config.listen);
  if (taken === null) return ok(`${address} is free: no server listens at the configured address`);
  if (taken !== 'EADDRINUSE')
    return fail(`${address} can't be listened on (${taken})`, 'set CLAVIGER_LISTEN');
  const ready = await answerOf(address, '/readyz');
  if (ready?.['status'] === 'ready') return ok(`a server is ready at ${address}`);
  if (ready?.['status'] === 'not ready') {
    const failing = Object.entries((ready['checks'] ?? {}) as Record<string, string>)
      .filter(([, state]) => state !== 'ok')
      .map(([name]) => name);
    return fail(`the server at ${address} is not ready: ${failing.join(', ')}`, 'look at its log');
  }
  // its certificate may be one that this machine does not know
  return config.tls
    ? warn(`something listens at ${address}; over TLS it was not asked further`, 'claviger status')
    : fail(`another program listens at ${address}`, 'stop it, or set CLAVIGER_LISTEN');
}

export const listeningChecks: readonly Check[] = [
  { name: 'TLS', look: tlsFiles },
  { name: 'listener', look: listener },
];
