import { createHmac } from 'node:crypto';
import {
  auditCloudEvent,
  cloudEventBatchType,
  cloudEventType,
  noticeEvent,
  ocsfOfEvent,
  ocsfOfNotice,
} from '#audit';
import { SecretBytes } from '#crypto';
import { StopError } from '#domain';
import type { Outside } from '#ports';
import type { Destination, Speaker } from './destination.ts';
import { readSecretFile, type WantedWebhook } from './read-destinations.ts';

const secretBytesMin = 16;
const encodedForm = /^whsec_([A-Za-z0-9+/]+={0,2})$/;

/** The secret of a file: its bytes without line ends, or those that `whsec_` and base64 stand for. */
async function readSecret(file: string): Promise<SecretBytes> {
  const whole = await readSecretFile(file);
  let end = whole.length;
  while (end > 0 && (whole[end - 1] === 0x0a || whole[end - 1] === 0x0d)) end -= 1;
  const encoded = encodedForm.exec(whole.toString('latin1', 0, end))?.[1];
  const bytes = encoded === undefined ? Buffer.from(whole.subarray(0, end)) : Buffer.from(encoded, 'base64');
  whole.fill(0);
  if (bytes.length < secretBytesMin) {
    bytes.fill(0);
    throw new StopError(
      'configuration-invalid',
      `The secret in ${file} is shorter than ${secretBytesMin} bytes.`,
    );
  }
  return SecretBytes.take(bytes);
}

type Content = { readonly id: string; readonly type: string; readonly body: string };

type Parts = {
  readonly wanted: WantedWebhook;
  readonly outside: Outside;
  readonly caPem: string | null;
  readonly speaker: Speaker;
  /** Milliseconds since 1970. */
  readonly now: () => number;
};

/** Posts CloudEvents or OCSF to a URL; the answer must be 2xx. Redirections are not followed. */
export async function openWebhook(parts: Parts): Promise<Destination> {
  const { wanted, outside, caPem, speaker, now } = parts;
  const { url, secretFile, format } = wanted;
  const secret = secretFile === undefined ? null : await readSecret(secretFile);

  /** Over id, time and body, so that a request can neither be changed nor be sent again later. */
  function signed({ id, body }: Content): Record<string, string> {
    if (!secret) return {};
    const timestamp = String(Math.floor(now() / 1000));
    //= standard-webhooks 1.0.0, symmetric signatures
    const mac = secret.use((key) =>
      createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64'),
    );
    return { 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${mac}` };
  }

  async function post(content: Content): Promise<void> {
    const headers = {
      'content-type': content.type,
      'user-agent': `claviger/${speaker.version}`,
      'webhook-id': content.id,
      ...signed(content),
    };
    const { status } = await outside.ask({ method: 'POST', url, headers, body: content.body, caPem });
    if (status < 200 || status > 299) throw new Error(`it answered ${status}`);
  }

  const isOcsf = format === 'ocsf';
  return {
    name: wanted.name,
    kind: 'webhook',
    where: new URL(url).origin,
    topics: wanted.topics,
    sendNotice: (notice) =>
      post({
        id: notice.id,
        type: isOcsf ? 'application/json' : cloudEventType,
        body: JSON.stringify(isOcsf ? ocsfOfNotice(notice, speaker) : noticeEvent(notice, speaker.source)),
      }),
    sendEvents: (events) => {
      const [first] = events;
      const told = events.map(({ event, index }) =>
        isOcsf ? ocsfOfEvent(event, index, speaker) : auditCloudEvent(event, index, speaker.source),
      );
      return post({
        id: `audit-${first?.event.node}-${first?.index}-${events.length}`,
        type: isOcsf ? 'application/json' : cloudEventBatchType,
        body: JSON.stringify(told),
      });
    },
  };
}
