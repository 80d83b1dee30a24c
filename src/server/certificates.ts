import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import {
  certificateFindings,
  logFolders,
  readCertificate,
  readTrustedKeys,
  type SignedCertificate,
  type TrustedKeys,
} from '#audit';
import { ClavigerError } from '#domain';
import type { Config } from './config.ts';

/**
 * Checks a certificate of destruction, without a store or a server: against the keys of these files, or of every log on this machine.
 * Throws `input-invalid` for what is no certificate.
 */
export function verifyCertificate(
  { auditFolder }: Pick<Config, 'auditFolder'>,
  content: Uint8Array,
  keyFiles: readonly string[],
): { certificate: SignedCertificate['certificate']; findings: readonly string[] } {
  const signed = readCertificate(content);
  const trusted = trustedKeys(auditFolder, keyFiles);
  return { certificate: signed.certificate, findings: certificateFindings(signed, trusted) };
}

/** The keys of these files, or of every log below a folder. Throws `configuration-invalid` where there are none. */
export function trustedKeys(auditFolder: string, keyFiles: readonly string[]): TrustedKeys[] {
  const files =
    keyFiles.length > 0
      ? keyFiles
      : logFolders(auditFolder)
          .map((folder) => path.join(folder, 'keys.json'))
          .filter((file) => existsSync(file));
  if (files.length === 0) {
    throw new ClavigerError(
      'configuration-invalid',
      `There is no audit log below ${auditFolder} whose keys could be trusted: give --keys with the keys.json of the node.`,
    );
  }
  return files.map((file) => readTrustedKeys(readFileSync(file)));
}
