import { after } from 'node:test';
import { killNodes } from '../../faults/node.ts';
import { testTheme } from './hvac.ts';
import { startTlsServer } from './tls-server.ts';

after(killNodes);

testTheme('cert.py', 6, startTlsServer);
