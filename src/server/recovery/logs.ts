import { mkdir, open, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { StopError } from '#domain';
import { isLogPiece } from './content.ts';

/** The place of a log's file, which must stay below the folder of the logs. */
function placeOf(folder: string, name: string): string {
  const parts = name.split('/');
  const isPlain = parts.every(
    (part) => /^[A-Za-z0-9._-]{1,100}$/.test(part) && part !== '.' && part !== '..',
  );
  if (!isPlain) throw new StopError('integrity-failed', 'The backup names a log file that no log has.');
  return path.join(folder, ...parts);
}

/** Writes files one after the other; each is durable when the next one begins. */
function fileWriter(folder: string) {
  const current: { name: string; handle: FileHandle }[] = [];
  const finish = async (): Promise<void> => {
    for (const { handle } of current.splice(0)) {
      await handle.sync();
      await handle.close();
    }
  };
  return {
    finish,
    async write(name: string, data: Uint8Array): Promise<void> {
      if (current[0]?.name !== name) {
        await finish();
        const place = placeOf(folder, name);
        await mkdir(path.dirname(place), { recursive: true, mode: 0o700 });
        current.push({ name, handle: await open(place, 'w', 0o600) });
      }
      await current[0]?.handle.write(data);
    },
  };
}

/** Puts the logs that a backup holds below a folder, durably; whether there were any. */
export async function restoreLogs(folder: string, content: AsyncIterable<unknown>): Promise<boolean> {
  const writer = fileWriter(folder);
  let any = false;
  try {
    for await (const record of content) {
      if (!isLogPiece(record)) continue;
      any = true;
      await writer.write(record.log, Buffer.from(record.data, 'base64'));
    }
  } finally {
    await writer.finish();
  }
  return any;
}
