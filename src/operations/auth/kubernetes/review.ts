import { z } from 'zod';
import type { House } from '../../house.ts';
import { askForJson, OutsideError } from '../outside.ts';
import type { KubernetesConfig } from './settings.ts';

/** A service account whose token the API server takes. */
export type ServiceAccount = { readonly namespace: string; readonly name: string; readonly uid: string };

const answerShape = z.object({
  status: z.object({
    authenticated: z.boolean().optional(),
    user: z
      .object({ username: z.string().max(512).optional(), uid: z.string().max(256).optional() })
      .optional(),
    audiences: z.array(z.string()).optional(),
  }),
});

const accountName =
  /^system:serviceaccount:([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?):([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?)$/;

type Review = {
  readonly config: KubernetesConfig;
  readonly reviewer: string | null;
  readonly jwt: string;
  readonly audience: string;
};

//= kubernetes: authentication.k8s.io/v1 TokenReview
/** Asks the API server about a token; null: it does not take it, or it is no service account's. Throws an OutsideError. */
export async function reviewToken(
  house: Pick<House, 'outside'>,
  { config, reviewer, jwt, audience }: Review,
): Promise<ServiceAccount | null> {
  const audiences = audience === '' ? {} : { audiences: [audience] };
  const { status, value } = await askForJson(house, {
    method: 'POST',
    url: `${config.host.replace(/\/+$/, '')}/apis/authentication.k8s.io/v1/tokenreviews`,
    headers: {
      accept: 'application/json',
      'content-type': 'application/json',
      authorization: `Bearer ${reviewer ?? jwt}`,
    },
    body: JSON.stringify({
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      spec: { token: jwt, ...audiences },
    }),
    caPem: config.caPem === '' ? null : config.caPem,
  });
  // without a reviewer a token that is not taken can't ask either
  if ((status === 401 || status === 403) && reviewer === null) return null;
  if (status !== 200 && status !== 201)
    throw new OutsideError(`the API server answered with status ${status}`);
  return accountOf(value, audience);
}

/** The account that a review tells. */
function accountOf(review: unknown, audience: string): ServiceAccount | null {
  const parsed = answerShape.safeParse(review);
  if (!parsed.success) throw new OutsideError('the API server answered with no review of the token');
  const { authenticated, user, audiences: taken = [] } = parsed.data.status;
  if (authenticated !== true) return null;
  //= kubernetes: a server that knows no audiences tells none, and did not check them
  if (audience !== '' && !taken.includes(audience)) return null;
  const match = accountName.exec(user?.username ?? '');
  return match ? { namespace: match[1] ?? '', name: match[3] ?? '', uid: user?.uid ?? '' } : null;
}
