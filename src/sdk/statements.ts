import { pages, part, type Call, type Json } from './transport.ts';

/** What a person stated; times are ISO 8601. */
export type AttestationRecord = {
  readonly id: string;
  readonly environment: string | null;
  readonly subject: string;
  readonly statement: string;
  readonly reference: string | null;
  readonly sha256: string | null;
  readonly by: string;
  readonly at: string;
  readonly until: string;
  readonly withdrawn: { readonly by: string; readonly at: string; readonly reason: string } | null;
};

export type AttestationWish = {
  readonly subject: string;
  readonly statement: string;
  /** Where the document is. */
  readonly reference?: string | null;
  /** Of the document, hexadecimal. */
  readonly sha256?: string | null;
  /** ISO 8601; else as long as a statement of the subject may hold. */
  readonly until?: string | null;
};

/** What happened at a key ceremony; times are ISO 8601. */
export type CeremonyRecord = {
  readonly id: string;
  readonly environment: string;
  readonly kind: string;
  readonly script: string;
  readonly place: string;
  readonly began: string;
  readonly ended: string;
  readonly attendees: readonly {
    readonly role: string;
    readonly principal: { readonly id: string; readonly name: string };
  }[];
  readonly steps: readonly {
    readonly step: number;
    readonly role: string;
    readonly at: string;
    readonly note: string | null;
  }[];
  readonly artefacts: readonly { readonly name: string; readonly sha256: string }[];
  readonly deviations: readonly { readonly step: number | null; readonly what: string }[];
  readonly recordedBy: string;
  readonly recordedAt: string;
};

/** A ceremony, and who has not stated yet to have been there. */
export type Ceremony = {
  readonly record: CeremonyRecord;
  readonly digest: string;
  readonly status: string;
  readonly absent: readonly string[];
};

/** A signed transcript, to be kept and verified as it is. */
export type TranscriptRecord = {
  readonly transcript: {
    readonly status: string;
    readonly record: CeremonyRecord;
    readonly digest: string;
    readonly attendances: readonly {
      readonly principal: { readonly name: string };
      readonly at: string;
      readonly log: object | null;
    }[];
  };
  readonly signatures: readonly object[];
};

/** What persons state of what no machine can see. */
export function attestationsOf(call: Call) {
  const takeBack = async (id: string, act: string, reason: string) =>
    (await call('POST', `/attestations/${part(id)}/${act}`, { reason })) as unknown as AttestationRecord;
  return {
    add: async (wish: AttestationWish) =>
      (await call('POST', '/attestations', { ...wish })) as unknown as AttestationRecord,
    /** With `all` those too that hold no more. */
    list: (all = false) =>
      pages<AttestationRecord>(call, {
        path: '/attestations',
        member: 'attestations',
        query: all ? '&all=true' : '',
      }),
    revoke: (id: string, reason: string) => takeBack(id, 'revoke', reason),
    /** The own ones alone. */
    withdraw: (id: string, reason: string) => takeBack(id, 'withdraw', reason),
  };
}

/** Records of key ceremonies. */
export function ceremoniesOf(call: Call) {
  const at = (id: string, act = '') => `/ceremonies/${part(id)}${act}`;
  return {
    /** `record` as `claviger ceremony script --record-out` makes it, filled in. */
    record: async (record: Json) => (await call('POST', '/ceremonies', record)) as unknown as Ceremony,
    list: () => pages<Ceremony>(call, { path: '/ceremonies', member: 'ceremonies' }),
    /** The signed transcript. */
    transcript: async (id: string) => (await call('GET', at(id))) as unknown as TranscriptRecord,
    join: async (id: string, digest: string) =>
      (await call('POST', at(id, '/join'), { digest })) as unknown as Ceremony,
  };
}
