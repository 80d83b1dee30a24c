import { testTheme } from './hvac.ts';

testTheme('system.py', 11);
