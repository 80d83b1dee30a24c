import { testTheme } from './hvac.ts';

testTheme('policies.py', 11);
