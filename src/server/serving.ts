// What a process that serves needs: neither backups, nor the doctor, nor the making of shares is loaded for it.
export { restartForFips } from './fips.ts';
export { hardenRuntime, startServer } from './serve.ts';
export { runWorkers, workerNumber } from './workers.ts';
