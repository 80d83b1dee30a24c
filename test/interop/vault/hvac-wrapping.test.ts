import { testTheme } from './hvac.ts';

testTheme('wrapping.py', 9);
