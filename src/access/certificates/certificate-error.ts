/** What a certificate or revocation list is not; the message holds no secret and may be told. */
export class CertificateError extends Error {}
