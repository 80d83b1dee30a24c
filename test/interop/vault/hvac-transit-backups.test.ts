import { testTheme } from './hvac.ts';

testTheme('transit_backups.py', 2);
