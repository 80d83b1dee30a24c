import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { LogPlace } from '#audit';
import { hasErrorCode, moveDurably, writeDurably } from './durable-file.ts';

const shape = z.strictObject({
  format: z.literal(1),
  segment: z.int().min(1),
  offset: z.int().min(0),
  index: z.int().min(0),
});

/** How far somebody has come in the log of this node, kept in a file beside the home's others. */
export interface LogPosition {
  /** null: none was ever kept. What can't be read is `damaged`: whoever asks begins where there is anything. */
  read(): Promise<LogPlace | 'damaged' | null>;
  /** Durable when it resolves. */
  keep(place: LogPlace): Promise<void>;
}

/** `name`: lower-case words with hyphens between. */
export function logPosition(folder: string, name: string): LogPosition {
  const file = path.join(folder, `${name}.json`);
  return {
    async read() {
      let text: string;
      try {
        text = await readFile(file, 'utf8');
      } catch (error) {
        return hasErrorCode(error, 'ENOENT') ? null : 'damaged';
      }
      try {
        const { format: _format, ...place } = shape.parse(JSON.parse(text));
        return place;
      } catch {
        return 'damaged';
      }
    },
    async keep(place) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await writeDurably(`${file}.new`, `${JSON.stringify({ format: 1, ...place })}\n`);
      await moveDurably(`${file}.new`, file);
    },
  };
}
