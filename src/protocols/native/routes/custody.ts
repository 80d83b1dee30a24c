import { z } from 'zod';
import { operations, type RekeyProgress } from '#operations';
import { route, type PathParts, type Route } from '../route.ts';

const progress = {
  rekeyId: z.string(),
  step: z
    .enum(['authorise', 'confirm', 'done'])
    .describe('whose shares are wanted: the present set, or the new'),
  setId: z.string(),
  given: z.int(),
  needed: z.int(),
};
const progressAnswer = z.strictObject(progress);
const progressView = ({ rekeyId, step, setId, given, needed }: RekeyProgress) => ({
  rekeyId,
  step,
  setId,
  given,
  needed,
});
const rekeyIn = (path: PathParts): string => path['rekey'] ?? '';
const count = z.int().min(2).max(16);

/** A root of trust in shares: sealing, and new sets of shares. What needs no token (unsealing) is in `unseal.ts`. */
export const custodyRoutes: readonly Route[] = [
  route('POST /seal', operations.sealServer, {
    about: 'Finish what was accepted, wipe the root key, and serve nothing until shares are given again',
    answer: z.strictObject({ sealing: z.literal(true) }),
    input: () => ({}),
    output: (done) => done,
  }),
  route('POST /root/rekeys', operations.beginRekey, {
    about: 'Begin to make a new set of shares for the same root key',
    body: { shares: count, threshold: count },
    answer: progressAnswer,
    input: ({ body }) => body,
    output: progressView,
  }),
  route('POST /root/rekeys/{rekey}/authorise', operations.authoriseRekey, {
    about:
      'Give a share of the present set; the last one that is needed is answered with the new shares, once',
    body: { share: z.string() },
    answer: z.strictObject({ ...progress, newShares: z.array(z.string()).nullable() }),
    input: ({ path, body }) => ({ rekeyId: rekeyIn(path), share: body.share }),
    output: (done) => ({ ...progressView(done), newShares: done.newShares && [...done.newShares] }),
  }),
  route('POST /root/rekeys/{rekey}/confirm', operations.confirmRekey, {
    about: 'Give a share of the new set back; the last one puts the set in place, and null does so at once',
    body: { share: z.string().nullable() },
    answer: progressAnswer,
    input: ({ path, body }) => ({ rekeyId: rekeyIn(path), share: body.share }),
    output: progressView,
  }),
  route('DELETE /root/rekeys/{rekey}', operations.cancelRekey, {
    about: 'End a rekey that is not done; the present set stands',
    answer: progressAnswer,
    input: ({ path }) => ({ rekeyId: rekeyIn(path) }),
    output: progressView,
  }),
];
