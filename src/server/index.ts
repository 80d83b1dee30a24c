export { auditEvents, renderCloudTrail, verifyAudit } from './audit-reader.ts';
export { loadConfig, settings, type Config, type ConfigSources } from './config.ts';
export { compose, type Composition } from './compose.ts';
export { localAddress } from './credentials-file.ts';
export { createLogger, describeError, type Logger } from './logger.ts';
export { hardenRuntime, startServer, type RunningServer } from './serve.ts';
export { runWorkers, workerNumber } from './workers.ts';
