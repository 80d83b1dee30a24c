import type { SecretBytes } from '#crypto';
import { documentEntity, type Document } from '#ports';

/** What is sealed of documents and was opened, for those that are read again and again: bounded in number, bytes and time. */
export interface OpenedValues {
  /** What was opened of this document, to be read at once and not kept; undefined: it must be opened. */
  peek(document: Document): SecretBytes | undefined;
  /** Takes the value over, and wipes it when it goes; false: it is too large to be kept, and stays the caller's. */
  keep(document: Document, value: SecretBytes): boolean;
  /** Wipes what is held of entities of the change feed; null: everything. */
  drop(entities: readonly string[] | null): void;
  /** Wipes what has been held for too long. */
  expire(): void;
}

const bounds = Object.freeze({
  count: 20_000,
  bytes: 16 * 1024 * 1024,
  /** Larger ones are opened each time. */
  bytesEach: 65_536,
  millis: 60_000,
});

type Held = { readonly shredId: string | null; readonly value: SecretBytes; readonly until: number };
type Parts = { readonly monotonic?: () => number };

export function createOpenedValues({ monotonic = () => performance.now() }: Parts = {}): OpenedValues {
  // in the order in which they were kept: the first is the one that ends first
  const held = new Map<string, Held>();
  let bytes = 0;

  function forget(entity: string): void {
    const found = held.get(entity);
    if (!found) return;
    held.delete(entity);
    bytes -= found.value.length;
    found.value[Symbol.dispose]();
  }

  function forgetFirst(): void {
    const first = held.keys().next();
    if (!first.done) forget(first.value);
  }

  return {
    peek(document) {
      const entity = documentEntity(document);
      const found = held.get(entity);
      if (!found) return undefined;
      if (found.shredId === document.shredId && found.until > monotonic()) return found.value;
      forget(entity);
      return undefined;
    },
    keep(document, value) {
      if (value.length > bounds.bytesEach) return false;
      const entity = documentEntity(document);
      forget(entity);
      held.set(entity, { shredId: document.shredId, value, until: monotonic() + bounds.millis });
      bytes += value.length;
      while (bytes > bounds.bytes || held.size > bounds.count) forgetFirst();
      return true;
    },
    drop(entities) {
      if (entities === null) for (const entity of held.keys()) forget(entity);
      else for (const entity of entities) if (entity.startsWith('document:')) forget(entity);
    },
    expire() {
      const now = monotonic();
      for (const [entity, { until }] of held) {
        if (until > now) return;
        forget(entity);
      }
    },
  };
}
