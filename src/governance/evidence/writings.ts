import type { ComplianceRun } from '../framework.ts';
import { assessmentPlanText, assessmentResultsText } from '../oscal.ts';
import { complianceReport } from '../report-html.ts';
import { bundleFiles } from './bundle.ts';

const readme = (run: ComplianceRun): string => `# Evidence: ${run.framework.title}

Judged for ${new Date(run.at).toISOString()} by ${run.software}: ${run.keys} keys.

- \`report.html\` is for reading, \`run.json\` and \`oscal/\` are for machines.
- \`population/\` holds everything that was judged: what is known of each key, and what was done to keys and to the house. It holds no key material.
- \`log/\` holds the hashes of all entries of the audit log up to a signed checkpoint (C2SP tlog-checkpoint): each event of \`population/events.jsonl\` is proved by them.
- \`manifest.json\` names every file with its SHA-256, and is signed by the keys of the log (\`signatures.json\`).

To check all of it, without the server and without a network:

    claviger evidence verify . --keys keys.json

where \`keys.json\` are the public keys of the log, which you have from the house by another way than with this bundle. The run is made anew
from the population: the report says what the population says, or it is not valid.
`;

/** What is written of a run, besides the run itself: a function of it. */
export function writings(run: ComplianceRun): readonly { readonly file: string; readonly text: string }[] {
  return [
    { file: bundleFiles.report, text: complianceReport(run) },
    { file: bundleFiles.results, text: assessmentResultsText(run) },
    { file: bundleFiles.plan, text: assessmentPlanText(run) },
    { file: bundleFiles.readme, text: readme(run) },
  ];
}
