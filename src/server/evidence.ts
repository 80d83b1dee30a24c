import fs from 'node:fs';
import path from 'node:path';
import { readTrustedKeys, type TrustedKeys } from '#audit';
import { type BundleSource, type EvidenceVerdict, verifyEvidence } from '#governance';

export { complianceReport, type ComplianceRun, assessmentResultsText } from '#governance';
export type { EvidenceVerdict } from '#governance';

function filesBelow(folder: string, place = ''): string[] {
  return fs.readdirSync(path.join(folder, place), { withFileTypes: true }).flatMap((entry) => {
    const name = place === '' ? entry.name : `${place}/${entry.name}`;
    return entry.isDirectory() ? filesBelow(folder, name) : [name];
  });
}

/** A bundle in a folder. Links are not followed: what they point to is not part of it. */
function folderSource(folder: string): BundleSource {
  return {
    names: async () => filesBelow(folder),
    async *read(name) {
      const file = path.join(folder, ...name.split('/'));
      if (!fs.lstatSync(file).isFile()) throw new Error(`${name} is no file`);
      yield* fs.createReadStream(file) as AsyncIterable<Buffer>;
    },
  };
}

/** Checks an evidence bundle in a folder; `keyFiles` are files `keys.json` that the reader trusts, none: those of the bundle itself. */
export async function verifyEvidenceFolder(
  folder: string,
  keyFiles: readonly string[],
): Promise<EvidenceVerdict> {
  const trusted: TrustedKeys[] = keyFiles.map((file) => readTrustedKeys(fs.readFileSync(file)));
  return verifyEvidence(folderSource(folder), trusted);
}
