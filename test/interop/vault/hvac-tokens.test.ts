import { testTheme } from './hvac.ts';

testTheme('tokens.py', 16);
