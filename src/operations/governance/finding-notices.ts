import type { Finding } from '#governance';
import type { Instant } from '#domain';
import type { Change } from '#ports';
import type { House } from '../house.ts';
import { queueNotice } from '../notices/notices.ts';

/** From the mildest on. */
const severities: readonly Finding['severity'][] = ['low', 'medium', 'high', 'critical'];
/** Findings that one notice names. */
const namedMax = 20;

type Opened = { readonly environment: string; readonly at: Instant; readonly findings: readonly Finding[] };

/** The changes by which those outside are told, in one notice, of the findings that a run opened; none where it opened none. */
export async function noticeOfFindings(house: House, opened: Opened): Promise<readonly Change[]> {
  const { environment, at, findings } = opened;
  const gravest = findings.toSorted(
    (a, b) => severities.indexOf(b.severity) - severities.indexOf(a.severity),
  );
  const [first] = gravest;
  if (!first) return [];
  const named = gravest.slice(0, namedMax);
  const more = findings.length - named.length;
  const lines = named.map(({ severity, subject, what }) => `- ${severity}, ${subject}: ${what}`);
  const { changes } = await queueNotice(house, environment, 'findings', {
    id: `findings-${environment}-${at}`,
    at: house.clock.now(),
    kind: 'finding',
    severity: first.severity,
    title:
      `${findings.length} new ${findings.length === 1 ? 'finding' : 'findings'}, the gravest: ${first.what}`
        .slice(0, 300)
        .toWellFormed(),
    text: [...lines, ...(more > 0 ? [`and ${more} more`] : []), 'All of them: claviger findings list']
      .join('\n')
      .slice(0, 4000)
      .toWellFormed(),
    data: {
      detector: first.detector,
      opened: findings.length,
      findings: named.map(({ id, detector, severity, subject }) => ({ id, detector, severity, subject })),
    },
  });
  return changes;
}
