import { testTheme } from './hvac.ts';

testTheme('approle.py', 10);
