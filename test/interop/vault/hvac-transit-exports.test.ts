import { testTheme } from './hvac.ts';

testTheme('transit_exports.py', 4);
