import { randomUUID } from 'node:crypto';
import type { Config } from '../config.ts';
import { ClavigerError } from '#domain';
import { softwareVersion } from '../software.ts';
import { shortReason } from './back-off.ts';
import { openDestinations } from './open-destinations.ts';
import { readDestinations } from './read-destinations.ts';

/** What became of a test notice. */
export type TestedDestination = {
  readonly name: string;
  readonly kind: string;
  readonly where: string;
  readonly what: string;
  /** null: it was taken over. */
  readonly problem: string | null;
  readonly millis: number;
};

/** Sends a test notice to each destination of this machine's configuration, at once and without a queue. No server is asked. */
export async function testNotices({ noticesFile, node }: Config): Promise<readonly TestedDestination[]> {
  if (noticesFile === null)
    throw new ClavigerError(
      'configuration-invalid',
      'Nobody is told anything: CLAVIGER_NOTICES names no file.',
    );
  const speaker = { source: 'urn:claviger:test', version: softwareVersion(), host: node ?? 'claviger' };
  const destinations = await openDestinations(await readDestinations(noticesFile), {
    speaker,
    now: Date.now,
  });
  return Promise.all(
    destinations.map(async (destination): Promise<TestedDestination> => {
      const begin = performance.now();
      let problem: string | null = null;
      try {
        await destination.sendNotice({
          id: `test-${randomUUID()}`,
          at: Date.now(),
          kind: 'test',
          severity: 'low',
          environment: '-',
          title: 'a test of this destination',
          text: 'Somebody ran: claviger notices test. There is nothing to do.',
          data: { destination: destination.name },
        });
      } catch (error) {
        problem = shortReason(error);
      }
      const { name, kind, where, topics } = destination;
      return {
        name,
        kind,
        where,
        what: [...topics].join(' '),
        problem,
        millis: Math.round(performance.now() - begin),
      };
    }),
  );
}
