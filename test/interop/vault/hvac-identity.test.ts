import { testTheme } from './hvac.ts';

testTheme('identity.py', 7);
