import type { Instant } from '#domain';

export const noticeKinds = ['alert', 'finding', 'test'] as const;
export type NoticeKind = (typeof noticeKinds)[number];

export const noticeSeverities = ['low', 'medium', 'high', 'critical'] as const;
export type NoticeSeverity = (typeof noticeSeverities)[number];

/** Something that people outside of the house are told. It is free of secrets. */
export type Notice = {
  /** Unique, and the same at each try to deliver it. */
  readonly id: string;
  readonly at: Instant;
  readonly kind: NoticeKind;
  readonly severity: NoticeSeverity;
  readonly environment: string;
  /** What it is about, in one line. */
  readonly title: string;
  /** What happened and what to do, for a person. */
  readonly text: string;
  /** The same for a program; its shape goes by the kind. */
  readonly data: Readonly<Record<string, unknown>>;
};

/** Text of strangers as one line: what a terminal or a receiver would take for a command or a line end is a space. */
export function oneLine(text: string, charactersMax: number): string {
  const plain = text.toWellFormed().replace(/[\p{Cc}\u2028\u2029]+/gu, ' ');
  return plain.length <= charactersMax ? plain : `${plain.slice(0, charactersMax - 1).toWellFormed()}…`;
}
