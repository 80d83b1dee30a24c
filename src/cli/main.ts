#!/usr/bin/env node
import { loadConfig, startServer } from '#server';
const running = await startServer(loadConfig({ env: process.env, checkoutHome: null }));
process.stdout.write(`claviger ready at ${running.address}\n`);
process.once('SIGTERM', () => void running.stop().then(() => process.exit(0)));
