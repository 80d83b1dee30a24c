import type { PurposeClass } from '#domain';
import type { Mistake, Severity } from '../finding.ts';

/** What a detector looks for, and how much it weighs: `critical` is to be mended today, `low` when somebody is at it anyway. */
type Entry = {
  readonly mistake: Mistake;
  readonly severity: Severity;
  /** What is wrong, in a few words. */
  readonly title: string;
  /** Why it weighs so much. */
  readonly why: string;
};

/** Every detector there is. Some of their findings weigh otherwise, where the detector says so. */
export const catalogue = Object.freeze({
  'long-lived-credential': {
    mistake: 'key-in-source',
    severity: 'medium',
    title: 'an access key or token without an end, and old',
    why: 'what never ends is what lies in repositories, images and notebooks, and works there for ever',
  },
  'exported-in-clear': {
    mistake: 'key-in-source',
    severity: 'high',
    title: 'material was given out in plain text, and nobody said that the copy is gone',
    why: 'the copy opens everything that the key protects, without a record of it',
  },
  'clear-backup-allowed': {
    mistake: 'key-in-source',
    severity: 'low',
    title: 'the key may be backed up in plain text',
    why: 'nothing left yet; one call by an exporter is enough',
  },
  'same-material-elsewhere': {
    mistake: 'shared-across-environments',
    severity: 'critical',
    title: 'a key of another environment has the same material',
    why: "whoever breaks into the weaker environment reads the stronger one's data (PCI DSS 4.0.1, 3.6.1.1)",
  },
  'period-too-long': {
    mistake: 'no-rotation',
    severity: 'medium',
    title: 'the key may protect for longer than any standard says',
    why: 'the more a key has protected, the more its loss costs',
  },
  'rotation-overdue': {
    mistake: 'no-rotation',
    severity: 'high',
    title: 'the newest version came to its end, by time or by use, and nothing follows it',
    why: 'the period is over, and what uses the key is refused',
  },
  'rotation-near': {
    mistake: 'no-rotation',
    severity: 'low',
    title: 'the newest version nears its end, and nothing will rotate it',
    why: 'there is time left; after it the key protects nothing',
  },
  'used-after-end': {
    mistake: 'no-rotation',
    severity: 'critical',
    title: 'a version was used after it had come to its end',
    why: 'the server refuses that: that it happened means that something is broken, or was changed by hand',
  },
  'imported-without-end': {
    mistake: 'no-rotation',
    severity: 'low',
    title: 'material from outside that never expires, and that nothing replaces',
    why: 'the server can not make its successor: a person must bring it, and nothing reminds one',
  },
  'copy-beside-data': {
    mistake: 'stored-with-data',
    severity: 'high',
    title: 'a copy of the key lies where the data lies that it protects',
    why: 'who takes the one has the other; encryption of the data says nothing then (HHS breach guidance)',
  },
  'escrow-beside-backup': {
    mistake: 'stored-with-data',
    severity: 'medium',
    title: 'a backup and the escrow that opens it lie in one place',
    why: 'recovery holders still have to agree, but a destroyed key is no longer gone from the backup',
  },
  'root-beside-data': {
    mistake: 'stored-with-data',
    severity: 'high',
    title: 'keys of production are under a root key in a file on the same machine',
    why: 'a copy of the disk holds the keys and all that opens them: protection of the tier development',
  },
  'retired-not-destroyed': {
    mistake: 'no-destruction',
    severity: 'medium',
    title: 'nothing needs the key any more, and nobody destroys it',
    why: 'what is kept without need can only be lost (SP 800-57 part 1, 8.3.4)',
  },
  'compromised-not-destroyed': {
    mistake: 'no-destruction',
    severity: 'high',
    title: 'a compromised version is still there',
    why: 'it is kept for what was protected under it: until that is protected anew, and no longer',
  },
  'destruction-unproved': {
    mistake: 'no-destruction',
    severity: 'high',
    title: 'a destruction that was asked for is not done, or not proved',
    why: 'somebody was told that the key is gone, and nothing shows it',
  },
  'copy-outlives-key': {
    mistake: 'no-destruction',
    severity: 'high',
    title: 'the key is destroyed, and a copy that was exported is not',
    why: 'the destruction is not complete: the copy still opens everything',
  },
  'suspended-long': {
    mistake: 'no-destruction',
    severity: 'low',
    title: 'the key is suspended, and nobody decides what becomes of it',
    why: 'suspension is a question: it wants an answer, resumption or destruction',
  },
  'several-applications': {
    mistake: 'shared-key',
    severity: 'medium',
    title: 'data of several applications is under one key',
    why: 'a loss in one is a loss in all, and none can be ended without the others',
  },
  'several-purposes': {
    mistake: 'shared-key',
    severity: 'low',
    title: 'one key pair both signs and opens',
    why: 'SP 800-57 part 1, 5.2 allows one purpose; protocols without usages make such keys by themselves',
  },
  'several-names': {
    mistake: 'shared-key',
    severity: 'medium',
    title: 'the key has names of different applications',
    why: 'it is meant to be shared, though no use shows it yet',
  },
  'owner-missing': {
    mistake: 'no-inventory',
    severity: 'high',
    title: 'nobody answers for the key',
    why: 'nobody can say whether it may be rotated, or destroyed',
  },
  'owner-gone': {
    mistake: 'no-inventory',
    severity: 'medium',
    title: 'who answers for the key is disabled, or is there no more',
    why: 'nobody took it over',
  },
  'owner-by-default': {
    mistake: 'no-inventory',
    severity: 'low',
    title: 'keys belong to the administrator who made them',
    why: 'an administrator makes keys for others, and answers for none of them',
  },
  'purpose-unsaid': {
    mistake: 'no-inventory',
    severity: 'low',
    title: 'nothing says what the key is for: no name, no description, no tag',
    why: 'one is enough',
  },
  unclassified: {
    mistake: 'no-inventory',
    severity: 'low',
    title: 'nothing says how sensitive the data under the keys is',
    why: 'what must be done first is not known; most protocols have no word for it, so that it is told once',
  },
  unused: {
    mistake: 'no-inventory',
    severity: 'low',
    title: 'the key works, and nothing has used it for long',
    why: 'it can be stolen, and would be missed by nobody',
  },
} as const satisfies Readonly<Record<string, Entry>>);
export type DetectorId = keyof typeof catalogue;

/** When something is too much, too old or too long. Days, where nothing else is said. */
export const limits = Object.freeze({
  /** Credentials without an end: 90 days, as the CIS benchmarks ask of access keys. */
  credential: 90,
  /** Those that the first administrator of an environment got with it: they have no end, and open the house when all else fails. */
  firstCredential: 365,
  /** A credential with an end lives no longer than a year, or is taken for one without. */
  credentialLife: 400,
  /**
   * Years for which a version may protect at most: what SP 800-57 part 1, Table 1 allows at most, and five for signatures, as authorities
   * have them. A policy or an exception may say more; nobody's standard does.
   */
  originatorYears: {
    data: 2,
    wrap: 2,
    mac: 2,
    signature: 5,
    transport: 2,
    agreement: 2,
    derivation: 2,
  } satisfies Record<PurposeClass, number>,
  /** After its end, until a rotation is overdue: the house catches up within a day. */
  rotationGrace: 1,
  /** Of the period, or of the uses, that are gone: there is a fifth left to plan with. */
  nearShare: 0.8,
  /** Minutes by which clocks and caches of nodes may differ from the record. */
  clockMinutes: 10,
  /** Days in which a backup and its escrow are brought apart: they are made together. */
  partingGrace: 7,
  /** For which a key that protects no more is kept without being asked for; PCI DSS and most rules of retention speak of a year. */
  retention: 365,
  /** Beyond the recipient period, in which nothing opens: only the destruction is left to do. */
  recipientGrace: 30,
  /** In which what a compromised version protected is protected anew. */
  compromise: 30,
  /** After its day, until a destruction is late: nodes that are down prove it when they are back. */
  destructionGrace: 2,
  /** After a destruction, until exported copies must be gone too. */
  copyGrace: 30,
  suspension: 90,
  /** Uses longer ago say nothing of who shares a key today. */
  sharing: 90,
  /** Readers of what one application writes, besides it: an exchange of data between some is no shared key. */
  readers: 3,
  /** In which a new key gets its name, description or tags. */
  settling: 7,
  /** Without a use from the beginning. */
  neverUsed: 180,
  /** Without a use since the last one: what is done once a year is no zombie. */
  unused: 400,
  /** Share of the keys of an environment that must say it; below that it is a finding of the environment. */
  coverage: 0.95,
});

/** Findings of one detector in one environment: after so many it tells how many more there are. */
export const findingsMax = 200;
