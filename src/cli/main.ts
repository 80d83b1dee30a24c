#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import path from 'node:path';

// compiled code is kept beside the code: whoever can write there could change the code itself
enableCompileCache(path.join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'claviger'));
const { run } = await import('./run.ts');
await run();
