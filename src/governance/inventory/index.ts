export { cbomOf, type CbomHead } from './cbom.ts';
export { filterFields, filterOf, orderOf, type FilterFields } from './filter.ts';
export { quantumReadiness, transitionRules, type QuantumReadiness, type TransitionRule } from './quantum.ts';
export { inventoryRow, sizeBitsOf, type InventoryRow } from './row.ts';
export type { CredentialRow, SecretRow } from './secret-row.ts';
export { effectiveStrength, type WrapNode } from './strength.ts';
export { csvField, csvOf, jsonLinesOf } from './text-lines.ts';
