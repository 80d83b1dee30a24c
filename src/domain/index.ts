export { isApproved, requireApproved, requireApprovedSpec } from './approved.ts';
export * from './algorithm.ts';
export * from './audit-event.ts';
export * from './errors.ts';
export * from './key.ts';
export * from './key-spec.ts';
export * from './key-state.ts';
export * from './lifecycle.ts';
export * from './principal.ts';
