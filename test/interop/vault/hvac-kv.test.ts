import { testTheme } from './hvac.ts';

testTheme('kv.py', 14);
