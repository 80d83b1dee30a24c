import { untilEnd, type Call, type Json, type Lines } from './transport.ts';

export type FrameworkRecord = {
  readonly id: string;
  readonly title: string;
  readonly scope: string;
  readonly requirements: number;
};

export type ComplianceOutcome = 'pass' | 'fail' | 'manual' | 'not-applicable' | 'no-data';

/** What one run found, as far as it is listed here; all of it stands in the record. */
export type ComplianceRecord = {
  readonly framework: { readonly id: string; readonly title: string; readonly scope: string };
  readonly at: number;
  readonly keys: number;
  readonly summary: Readonly<Record<ComplianceOutcome, number>>;
  readonly requirements: readonly {
    readonly id: string;
    readonly gist: string;
    readonly outcome: ComplianceOutcome;
    readonly reason?: string;
  }[];
};

export type ComplianceResultRecord = {
  readonly at: string;
  readonly ranAt: string;
  readonly by: string;
  readonly keys: number;
  readonly digest: string;
  readonly summary: Readonly<Record<ComplianceOutcome, number>>;
};

export type EvidencePiece = { readonly file: string; readonly bytes: Uint8Array };

type Where = { readonly environment?: string | undefined };

async function* pieces(lines: AsyncIterable<Json>): AsyncGenerator<EvidencePiece> {
  for await (const line of untilEnd(lines))
    yield { file: String(line['file']), bytes: Buffer.from(String(line['bytes']), 'base64') };
}

/** Judging by frameworks; `environment` narrows it, for the people of the first environment. */
export function complianceOf(call: Call, lines: Lines) {
  return {
    frameworks: async () => (await call('GET', '/compliance/frameworks'))['frameworks'] as FrameworkRecord[],
    run: async (framework: string, { environment }: Where = {}) =>
      (await call('POST', '/compliance/run', {
        framework,
        ...(environment === undefined ? {} : { environment }),
      })) as unknown as ComplianceRecord,
    async results(framework: string, { environment }: Where = {}) {
      const query = new URLSearchParams({ framework, ...(environment === undefined ? {} : { environment }) });
      const answer = await call('GET', `/compliance/results?${query.toString()}`);
      return answer['results'] as ComplianceResultRecord[];
    },
    /** The files of an evidence bundle, piece by piece. */
    evidence: (framework: string, { environment }: Where = {}): AsyncIterable<EvidencePiece> =>
      pieces(
        lines('POST', '/compliance/evidence', {
          framework,
          ...(environment === undefined ? {} : { environment }),
        }),
      ),
  };
}
