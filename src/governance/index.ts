export * from './check.ts';
export * from './evaluate.ts';
export * from './finding.ts';
export * from './framework.ts';
export * from './population.ts';
export * from './detectors/index.ts';
