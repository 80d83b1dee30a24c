import { testTheme } from './hvac.ts';

testTheme('transit.py', 23);
