import { readTranscript, transcriptFindings, type CeremonyTranscript } from '#governance';
import { trustedKeys } from './certificates.ts';
import type { Config } from './config.ts';

export {
  attestationTerms,
  calendarOf,
  ceremonyKinds,
  ceremonyScript,
  documentKinds,
  type Due,
  htmlOf,
  markdownOf,
  recordTemplate,
  type ScriptWish,
  transcriptBytesMax,
  wishFaults,
  type WrittenDocument,
} from '#governance';
export { softwareName } from './software.ts';

/**
 * Checks the transcript of a ceremony, without a store or a server: against the keys of these files, or of every log on this machine. `script` is the
 * SHA-256 of the script that is at hand. Throws `input-invalid` for what is no transcript.
 */
export function verifyTranscript(
  { auditFolder }: Pick<Config, 'auditFolder'>,
  content: Uint8Array,
  { keyFiles, script }: { readonly keyFiles: readonly string[]; readonly script: string | null },
): { readonly transcript: CeremonyTranscript; readonly findings: readonly string[] } {
  const signed = readTranscript(content);
  const trusted = trustedKeys(auditFolder, keyFiles);
  return { transcript: signed.transcript, findings: transcriptFindings(signed, trusted, script) };
}
