import { startTestServer } from '../test/servers.ts';
import { fillCompany } from './company.ts';
const home = process.argv[2] ?? '';
await (await startTestServer({ home })).stop();
await fillCompany(home, Number(process.argv[3]));
