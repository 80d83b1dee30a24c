import type { X509Certificate } from 'node:crypto';
import { constants } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { TlsOptions, TLSSocket } from 'node:tls';

/** Asked without loading what of TLS a server without it never needs. */
function isTls(socket: Duplex): socket is TLSSocket {
  return 'getPeerX509Certificate' in socket;
}

/** More than that nobody verifies. */
const chainMax = 10;

/**
 * The certificates that a client showed in its handshake, DER, its own first and then what was sent with it, each the issuer of the one
 * before. The handshake has proved that the client has the key of the first; nobody has verified who signed them.
 */
export function presentedCertificates(socket: Duplex): readonly Uint8Array[] {
  if (!isTls(socket)) return [];
  const chain: Uint8Array[] = [];
  const seen = new Set<string>();
  let next: X509Certificate | undefined = socket.getPeerX509Certificate();
  while (next && chain.length < chainMax && !seen.has(next.fingerprint256)) {
    seen.add(next.fingerprint256);
    chain.push(next.raw);
    next = next.issuerCertificate;
  }
  return chain;
}

/**
 * How a listener asks for a certificate and takes whoever has none, or any: who trusts it says so later, by a clock of its own. No
 * authority is known to it, so the handshake verifies none. A session that is resumed would come without what was sent beside the client's
 * own certificate: there are none.
 */
export const askForCertificate: Readonly<TlsOptions> = Object.freeze({
  requestCert: true,
  rejectUnauthorized: false,
  ca: [],
  secureOptions: constants.SSL_OP_NO_TICKET,
});
