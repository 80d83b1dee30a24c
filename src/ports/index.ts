export * from './audit-log.ts';
export * from './clock.ts';
export * from './entity.ts';
export * from './http.ts';
export * from './material.ts';
export * from './root-of-trust.ts';
export * from './shred-store.ts';
export * from './store.ts';
