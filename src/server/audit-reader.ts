import { logFolders, readEvents, type EventFilter, type LoggedEvent } from '#audit';

/** The newest events of all nodes' logs on this machine, newest first. */
export function newestEvents(auditFolder: string, filter: EventFilter, limit: number): LoggedEvent[] {
  const found: LoggedEvent[] = [];
  for (const folder of logFolders(auditFolder)) {
    for (const logged of readEvents(folder, filter)) {
      found.push(logged);
      // bounded memory: what is certainly not among the newest is dropped in between
      if (found.length >= limit * 4) keepNewest(found, limit);
    }
  }
  keepNewest(found, limit);
  return found;
}

function keepNewest(events: LoggedEvent[], limit: number): void {
  events.sort((a, b) => b.event.at - a.event.at || b.index - a.index);
  events.length = Math.min(events.length, limit);
}
