import { chmod, mkdir, stat } from 'node:fs/promises';
import { ClavigerError } from '#domain';
import { hasErrorCode } from './durable-file.ts';

/** Makes the home, or takes others' rights from one that is there: nobody else may list or enter it. */
export async function openHome(home: string): Promise<void> {
  await mkdir(home, { recursive: true, mode: 0o700 });
  if (process.platform === 'win32') return;
  const { mode } = await stat(home);
  if ((mode & 0o077) === 0) return;
  try {
    await chmod(home, 0o700);
  } catch (cause) {
    if (!hasErrorCode(cause, 'EPERM')) throw cause;
    throw new ClavigerError(
      'configuration-invalid',
      `Others can enter the home ${home}, and it belongs to another user: give it to this one, with chmod 700.`,
      { cause },
    );
  }
}
