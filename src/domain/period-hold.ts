import { rotatesUnseen } from './due.ts';
import { isDestroyed } from './key-state.ts';
import type { Key, KeyVersion, PeriodExtension, PeriodTerms } from './key.ts';
import type { CryptoPeriod } from './key-spec.ts';
import { limitsOn, narrowed, termsOf, type PeriodLimits, type PeriodPolicy } from './period-policy.ts';

const fields = ['originatorSeconds', 'recipientSeconds', 'operationsMax', 'bytesMax'] as const;
const fieldOf = { protect: 'originatorSeconds', process: 'recipientSeconds' } as const;

/** The period without its extensions: what the policy granted. */
function withoutExtensions(period: CryptoPeriod, extensions: readonly PeriodExtension[]): CryptoPeriod {
  return extensions.reduce(
    (granted, { act, otherwise }) => ({ ...granted, [fieldOf[act]]: otherwise }),
    period,
  );
}

type Held = { readonly version: KeyVersion; readonly extensions: readonly PeriodExtension[] };

function heldVersion(
  version: KeyVersion,
  extensions: readonly PeriodExtension[],
  limits: PeriodLimits,
): Held {
  if (isDestroyed(version.state)) return { version, extensions };
  const granted = narrowed(withoutExtensions(version.cryptoPeriod, extensions), limits);
  // an extension stands over what the policy grants meanwhile, until its own end
  const cryptoPeriod = extensions.reduce(
    (period, { act }) => ({ ...period, [fieldOf[act]]: version.cryptoPeriod[fieldOf[act]] }),
    granted,
  );
  return {
    version: isSamePeriod(cryptoPeriod, version.cryptoPeriod) ? version : { ...version, cryptoPeriod },
    extensions: extensions.map((each) => {
      const otherwise = granted[fieldOf[each.act]];
      return otherwise === each.otherwise ? each : { ...each, otherwise };
    }),
  };
}

function isSamePeriod(one: CryptoPeriod, other: CryptoPeriod): boolean {
  return fields.every((field) => one[field] === other[field]);
}

function isSameTerms(one: PeriodTerms | undefined, other: PeriodTerms | undefined): boolean {
  return (
    one?.rotates === other?.rotates &&
    one?.destroysAtEnd === other?.destroysAtEnd &&
    one?.stops === other?.stops
  );
}

/**
 * The key held to a policy: the bounds of each version no wider than the policy's, and never wider than before. The same key where nothing
 * changes.
 */
export function heldTo(policy: PeriodPolicy, key: Key): Key {
  const limits = limitsOn(policy, { ...key, isUnseen: rotatesUnseen(key) });
  const extensions = key.periodExtensions ?? [];
  const held = key.versions.map((version) =>
    heldVersion(
      version,
      extensions.filter((each) => each.version === version.number),
      limits,
    ),
  );
  const versions = held.map(({ version }) => version);
  const kept = held.flatMap((each) => each.extensions);
  const terms = termsOf(policy, key.spec);
  const isSame =
    versions.every((version, at) => version === key.versions[at]) &&
    kept.every((each) => extensions.includes(each)) &&
    isSameTerms(terms, key.periodTerms);
  if (isSame) return key;
  return withExtensions({ ...withTerms(key, terms), versions }, kept);
}

function withTerms({ periodTerms: _before, ...key }: Key, terms: PeriodTerms | undefined): Key {
  return terms ? { ...key, periodTerms: terms } : key;
}

function withExtensions({ periodExtensions: _before, ...key }: Key, kept: readonly PeriodExtension[]): Key {
  return kept.length > 0 ? { ...key, periodExtensions: kept } : key;
}

/** The key with a longer period of one version until a date. It has no extension of that version and act. */
export function extended(key: Key, wish: Omit<PeriodExtension, 'otherwise'>, seconds: number): Key {
  const field = fieldOf[wish.act];
  const otherwise = key.versions.find(({ number }) => number === wish.version)?.cryptoPeriod[field] ?? null;
  const versions = key.versions.map((version) =>
    version.number === wish.version
      ? { ...version, cryptoPeriod: { ...version.cryptoPeriod, [field]: seconds } }
      : version,
  );
  return { ...key, versions, periodExtensions: [...(key.periodExtensions ?? []), { ...wish, otherwise }] };
}

/** The key without those extensions: their versions have the periods again that they would have had. */
export function withoutExtension(key: Key, isOver: (extension: PeriodExtension) => boolean): Key {
  const extensions = key.periodExtensions ?? [];
  const over = extensions.filter(isOver);
  if (over.length === 0) return key;
  const versions = key.versions.map((version) => {
    const cryptoPeriod = withoutExtensions(
      version.cryptoPeriod,
      over.filter((each) => each.version === version.number),
    );
    return isSamePeriod(cryptoPeriod, version.cryptoPeriod) ? version : { ...version, cryptoPeriod };
  });
  return withExtensions(
    { ...key, versions },
    extensions.filter((each) => !over.includes(each)),
  );
}
