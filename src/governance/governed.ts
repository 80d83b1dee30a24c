import { classOfOperation } from '#audit/anomaly';

/** First words of operations that decide about keys, or about who may. */
const areas: ReadonlySet<string> = new Set([
  'keys',
  'names',
  'principals',
  'credentials',
  'policies',
  'environments',
  'roots',
  'server',
  'custody',
  'recovery',
  'backup',
  'escrow',
  'copies',
  'governance',
  'quorum',
]);

/** What the house writes down about its own governance while it looks at it: no two looks would see the same. */
const looks: ReadonlySet<string> = new Set([
  'governance.run-compliance',
  'governance.detect',
  'governance.find-flaws',
  'governance.gather-evidence',
  'governance.export-inventory',
  'governance.inventory-facets',
  'governance.show-ceremony',
  'governance.write-document',
]);

const uses: ReadonlySet<string> = new Set([
  'protect',
  'process',
  'rewrap',
  'sign',
  'verify',
  'derive',
  'read',
]);

/** Whether an event of this operation is part of what is judged: what was done to keys and to the house, never mere uses and reads. */
export function isGoverned(operation: string): boolean {
  if (looks.has(operation) || !areas.has(operation.slice(0, operation.indexOf('.')))) return false;
  return !uses.has(classOfOperation(operation));
}
