import { testTheme } from './hvac.ts';

testTheme('people.py', 3);
