import { testTheme } from './hvac.ts';

testTheme('transit_signing.py', 7);
