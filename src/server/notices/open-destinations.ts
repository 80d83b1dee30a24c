import { readFile } from 'node:fs/promises';
import { ClavigerError } from '#domain';
import type { Outside } from '#ports';
import { createOutside } from '../outside.ts';
import type { Destination, Speaker } from './destination.ts';
import type { WantedDestination } from './read-destinations.ts';
import { openSmtp } from './smtp.ts';
import { openSyslog } from './syslog.ts';
import { openWebhook } from './webhook.ts';

async function readAuthorities(file: string | undefined): Promise<string | null> {
  if (file === undefined) return null;
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new ClavigerError('configuration-invalid', `The file ${file} can't be read.`, { cause });
  }
}

type Parts = {
  readonly speaker: Speaker;
  readonly now: () => number;
  readonly outside?: Outside;
  readonly millis?: number;
};

/** The destinations, ready to be sent to; nothing is sent yet. Throws where a secret can't be read. */
export function openDestinations(
  wanted: readonly WantedDestination[],
  { speaker, now, outside = createOutside({ atOnce: 32 }), millis }: Parts,
): Promise<readonly Destination[]> {
  return Promise.all(
    wanted.map(async (one): Promise<Destination> => {
      const caPem = await readAuthorities(one.caFile);
      if (one.kind === 'webhook') return openWebhook({ wanted: one, outside, caPem, speaker, now });
      return one.kind === 'syslog'
        ? openSyslog({ wanted: one, caPem, speaker, ...(millis === undefined ? {} : { millis }) })
        : openSmtp({ wanted: one, caPem });
    }),
  );
}
