import type { Demand, Destruction } from './destruction.ts';
import { ClavigerError } from './errors.ts';
import { isDestroyed } from './key-state.ts';
import { originatorEnd, recipientEnd } from './lifecycle.ts';
import type { Instant, Key, KeyVersion, LastUse } from './key.ts';

export const certificateFormat = 'claviger-destruction-certificate/1';

/** Where the destruction stands in a node's log, and what proves it. */
export type LogEvidence = {
  /** Name of the log in its checkpoints. */
  readonly origin: string;
  /** Place of the event in the log, from 0. */
  readonly index: number;
  /** The event as the log hashed it, base64. */
  readonly entry: string;
  /** The hashes that prove it to be in the tree of the checkpoint, lowest first, base64 (RFC 9162 2.1.3). */
  readonly proof: readonly string[];
  /** The signed checkpoint (C2SP tlog-checkpoint). */
  readonly checkpoint: string;
};

/** A copy as the certificate names it. */
export type CertifiedCopy = {
  readonly kind: string;
  readonly madeAt: string;
  readonly place: string;
  readonly holder: string;
  readonly status: string;
};

/**
 * What is stated of the destruction of a key, after SP 800-88r2 4.6 and its list of fields. Times are ISO 8601 in UTC. It has strings, whole
 * numbers, booleans and null only, so that one canonical text is signed.
 */
export type DestructionCertificate = {
  readonly format: typeof certificateFormat;
  /** Of the certificate: a destruction can be certified again, when its copies are gone. */
  readonly id: string;
  readonly issuedAt: string;
  readonly issuedBy: { readonly node: string; readonly software: string };
  /** `pending`: registered copies can still open the key. */
  readonly status: 'complete' | 'pending';
  readonly key: {
    readonly id: string;
    readonly environment: string;
    readonly region: string;
    readonly names: readonly string[];
    readonly spec: string;
    readonly usage: string;
    readonly owner: string;
    readonly description: string;
    readonly dataClassification: string;
    readonly origin: string;
    readonly tier: string;
    readonly createdAt: string;
    readonly createdBy: string;
  };
  readonly versions: readonly {
    readonly number: number;
    /** The keyed fingerprint of the material. */
    readonly fingerprint: string;
    /** Device and label of its object there; null: it was wrapped in the store. */
    readonly device: string | null;
    readonly createdAt: string;
    readonly activatedAt: string | null;
    /** Ends of the originator-usage and the recipient-usage period (SP 800-57); null: they had none. */
    readonly protectUntil: string | null;
    readonly processUntil: string | null;
    /** All that it went through, up to its end. */
    readonly history: readonly { readonly state: string; readonly at: string; readonly cause: string }[];
  }[];
  readonly request: {
    readonly id: string;
    readonly requestedBy: { readonly id: string; readonly name: string | null };
    readonly reason: string | null;
    readonly requestedAt: string;
    readonly dueAt: string;
    readonly waitingDays: number;
  };
  readonly execution: {
    readonly at: string;
    readonly node: string;
    readonly eventId: string;
    readonly method: string;
    readonly tool: string;
  };
  readonly verification: readonly {
    readonly node: string;
    readonly version: number;
    readonly at: string;
    readonly method: string;
    readonly opens: false;
  }[];
  readonly lastUse: { readonly operation: string; readonly at: string; readonly principal: string } | null;
  /** Who still asked between the request and the day. */
  readonly demand: readonly {
    readonly principal: string;
    readonly operation: string;
    readonly count: number;
    readonly firstAt: string;
    readonly lastAt: string;
  }[];
  /** Registered copies that can still open the key. */
  readonly copies: readonly CertifiedCopy[];
  readonly log: LogEvidence;
  /** Name, title, place and contact, as they were given; null: nobody was named. */
  readonly operator: string | null;
  readonly verifier: string | null;
  readonly limits: readonly string[];
};

/** What a certificate is made of. */
export type Certified = {
  readonly id: string;
  readonly now: Instant;
  readonly node: string;
  readonly software: string;
  readonly key: Key;
  readonly destruction: Destruction;
  readonly requester: string | null;
  readonly demands: readonly Demand[];
  readonly copies: readonly (Omit<CertifiedCopy, 'madeAt'> & { readonly createdAt: Instant })[];
  readonly lastUse: LastUse | null;
  readonly log: LogEvidence;
  readonly operator: string | null;
  readonly verifier: string | null;
};

const methods = Object.freeze({
  'cryptographic-erase':
    'Purge: cryptographic erase (the secret that wraps the material was overwritten and deleted, then the wrapped material)',
  'device-zeroization': 'Purge: zeroization in the device (the object was destroyed there, and looked for)',
});

const checkMethods = Object.freeze({
  'known-ciphertext': 'a ciphertext or code that the key had made was tried',
  'device-search': 'the device was searched for the object',
  'material-absent': 'the stores were searched for the material and its secret',
});

/** What no certificate of this kind can promise. */
const limits: readonly string[] = Object.freeze([
  'Copies that were never registered are not known: material that was imported may still be where it came from, and exported material wherever it was taken.',
  'What was decrypted while the key lived is not affected.',
  'Memory is overwritten and dropped when a node lets go of a key; a JavaScript runtime can not promise that no page kept a copy until the process ended.',
  'Overwriting in place does not reach older blocks on solid-state disks, copy-on-write file systems, volume snapshots and replicas: there the erased secret was itself encrypted under the environment key.',
  'What the nodes saw is told as the store keeps it; the log of each node has an event of every check.',
  'Who checked were the nodes that ran when the key was destroyed, each for itself; a node that ended before it checked holds nothing in memory any more.',
]);

const iso = (at: Instant): string => new Date(at).toISOString();

const isoOr = (at: Instant | null): string | null => (at === null ? null : iso(at));

function versionOf(version: KeyVersion): DestructionCertificate['versions'][number] {
  const { number, materialId, device, createdAt, activatedAt, history } = version;
  return {
    number,
    fingerprint: materialId,
    device: device ? `${device.id} ${device.label}` : null,
    createdAt: iso(createdAt),
    activatedAt: isoOr(activatedAt),
    protectUntil: isoOr(originatorEnd(version)),
    processUntil: isoOr(recipientEnd(version)),
    history: history.map(({ state, at, cause }) => ({ state, at: iso(at), cause })),
  };
}

function uncertifiable(key: Key, why: string): ClavigerError {
  return new ClavigerError(
    'key-state-forbids',
    `The destruction of key ${key.id} can't be certified: ${why}.`,
  );
}

/** Everything that must hold before anything is certified. */
function requireVerified({ key, destruction }: Certified): NonNullable<Destruction['execution']> {
  const { step, execution, checks } = destruction;
  if (destruction.keyId !== key.id) throw uncertifiable(key, 'its record is of another key');
  if (checks.some(({ opens }) => opens)) throw uncertifiable(key, 'a node could still open it');
  if (step !== 'verified' || execution === null) throw uncertifiable(key, `it is ${step}, not verified`);
  const checked = new Set(checks.map(({ version }) => version));
  const isWhole = key.versions.every(({ number, state }) => isDestroyed(state) && checked.has(number));
  if (!isWhole) throw uncertifiable(key, 'a version of it was not destroyed, or not checked');
  return execution;
}

//= sp800-88r2 4.6: the certificate of sanitization
/** Makes the certificate of a destruction that was verified. Throws `key-state-forbids`. */
export function certificateOf(about: Certified): DestructionCertificate {
  const execution = requireVerified(about);
  const { key, destruction, lastUse, copies } = about;
  return {
    format: certificateFormat,
    id: about.id,
    issuedAt: iso(about.now),
    issuedBy: { node: about.node, software: about.software },
    status: copies.length === 0 ? 'complete' : 'pending',
    key: {
      id: key.id,
      environment: key.environment,
      region: key.region,
      names: execution.names,
      spec: key.spec,
      usage: key.usage,
      owner: key.owner,
      description: key.description,
      dataClassification: key.dataClassification,
      origin: key.origin,
      tier: key.tier,
      createdAt: iso(key.createdAt),
      createdBy: key.createdBy,
    },
    versions: key.versions.map(versionOf),
    request: {
      id: destruction.id,
      requestedBy: { id: destruction.requestedBy, name: about.requester },
      reason: destruction.reason,
      requestedAt: iso(destruction.requestedAt),
      dueAt: iso(destruction.dueAt),
      waitingDays: destruction.waitingDays,
    },
    execution: {
      at: iso(execution.at),
      node: execution.node,
      eventId: execution.eventId,
      method: methods[execution.method],
      tool: about.software,
    },
    verification: destruction.checks.map(({ node, version, at, method }) => ({
      node,
      version,
      at: iso(at),
      method: checkMethods[method],
      opens: false,
    })),
    lastUse: lastUse && { operation: lastUse.operation, at: iso(lastUse.at), principal: lastUse.principal },
    demand: about.demands.map(({ principal, operation, count, firstAt, lastAt }) => ({
      principal,
      operation,
      count,
      firstAt: iso(firstAt),
      lastAt: iso(lastAt),
    })),
    copies: copies.map(({ kind, createdAt, place, holder, status }) => ({
      kind,
      madeAt: iso(createdAt),
      place,
      holder,
      status,
    })),
    log: about.log,
    operator: about.operator,
    verifier: about.verifier,
    limits,
  };
}
