import type { Command } from 'commander';
import { addConfirmation, requireConfirmed, type Confirmed } from '../confirm.ts';
import { facts, outputOption, show, type Shown } from '../output.ts';
import { lookAt, shredFile } from '../shredding.ts';

/** `shred`. */
export function addShred(program: Command): void {
  const shred = program
    .command('shred <file>')
    .description('overwrite a file that held a key, and remove it; says what a disk can not promise')
    .addOption(outputOption());
  addConfirmation(shred).action(async (file: string, wish: Shown & Confirmed) => {
    const { size } = lookAt(file);
    await requireConfirmed(
      file,
      wish,
      async () => `${file}, ${size} bytes, is overwritten and removed for ever.\n`,
    );
    const done = shredFile(file);
    await show(wish.output, done, () => {
      const told = facts({
        file: done.file,
        bytes: done.bytes,
        overwritten: `${done.passes} times`,
        'file system': done.fileSystem,
      });
      return [told, ...done.limits.map((limit) => `- ${limit}`), ''].join('\n');
    });
  });
}
