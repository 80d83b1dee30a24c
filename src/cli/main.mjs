#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import path from 'node:path';

// The one file that is no TypeScript: the compiler that strips types would be loaded for it alone, before what it stripped of the
// others can be kept. That is kept beside the code: whoever can write there could change the code itself.
enableCompileCache(path.join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'claviger'));
const { run } = await import('./run.ts');
await run();
