import type { Command } from 'commander';
import type { Finding } from '#server';
import { loadConfig } from '#server/configuration';
import { checkoutHome } from '../checkout-home.ts';
import { CliError, exitCodes } from '../exit.ts';
import { outputOption, paint, show, type Shown } from '../output.ts';

function line({ name, state, detail, next }: Finding): string {
  const told = `${paint(state, state.padEnd(4))}  ${name.padEnd(14)} ${detail}\n`;
  return next === null ? told : `${told}${' '.repeat(21)}next: ${next}\n`;
}

/** `doctor`: looks at the machine, the home and the configuration of a server, running or not. */
export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('look at everything that a server on this machine needs, and say what to do')
    .addOption(outputOption())
    .action(async ({ output }: Shown) => {
      const config = loadConfig({ env: process.env, checkoutHome: checkoutHome() });
      const { examine, restartForFips } = await import('#server');
      try {
        if (config.fips) restartForFips();
      } catch {
        // it is one of the findings
      }
      const findings: Finding[] = [];
      for await (const finding of examine(config)) findings.push(finding);
      await show(output, findings, () => findings.map(line).join(''));
      const failed = findings.filter(({ state }) => state === 'fail').length;
      if (failed > 0) throw new CliError(exitCodes.failed, `${failed} of ${findings.length} checks failed.`);
    });
}
