import type { LoggedEvent, Notice } from '#audit';

/** What a destination is told of. */
export const topics = ['alerts', 'findings', 'audit'] as const;
export type Topic = (typeof topics)[number];

/** Somebody outside who is told something. What resolves was taken over; what rejects is tried again. */
export interface Destination {
  readonly name: string;
  readonly kind: 'webhook' | 'syslog' | 'smtp';
  /** Where it is, without secrets. */
  readonly where: string;
  readonly topics: ReadonlySet<Topic>;
  sendNotice(notice: Notice): Promise<void>;
  /** Events of one log in their order; absent: it takes none. */
  readonly sendEvents?: (events: readonly LoggedEvent[]) => Promise<void>;
}

/** What the renderers say of this house. */
export type Speaker = {
  /** A URI reference: the source of CloudEvents. */
  readonly source: string;
  readonly version: string;
  /** The host of messages that are of no node's log. */
  readonly host: string;
};

/** Only the machine itself hears what goes there. */
export function isLoopback(host: string): boolean {
  return /^(?:127(?:\.[0-9]{1,3}){3}|::1|\[::1\]|localhost)$/.test(host);
}
