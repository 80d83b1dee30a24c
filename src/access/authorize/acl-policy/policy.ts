import { durationSeconds } from './duration.ts';
import { openSource, shown, type Source } from './source.ts';
import { templateFault } from './template.ts';
import { type Member, type ObjectValue, parseTree, type Value } from './tree.ts';

export const capabilities = [
  'create',
  'read',
  'update',
  'patch',
  'delete',
  'list',
  'scan',
  'sudo',
  'deny',
] as const;
export type Capability = (typeof capabilities)[number];

/** Values by the lower-case name of a parameter; no values: every value. `*` is every parameter. */
export type ParameterValues = Readonly<Record<string, readonly unknown[]>>;

/** One path block as written, checked. */
export type AclRule = {
  readonly path: string;
  /** `deny` stands alone: it takes away whatever stands beside it. */
  readonly capabilities: readonly Capability[];
  readonly allowedParameters: ParameterValues | null;
  readonly deniedParameters: ParameterValues | null;
  /** Lower case. */
  readonly requiredParameters: readonly string[];
  readonly minWrappingSeconds: number | null;
  readonly maxWrappingSeconds: number | null;
};

export type AclPolicy = { readonly rules: readonly AclRule[] };

const rulesMax = 2000;

/** What Vault or OpenBao know in a path block, but what nothing here enforces: to ignore it would allow too much. */
const unsupported: ReadonlySet<string> = new Set([
  'control_group',
  'expiration',
  'list_scan_response_keys_filter_path',
  'mfa_methods',
  'pagination_limit',
  'subscribe_event_types',
]);

//= vault policies: the older words for sets of capabilities
const legacyPolicies: ReadonlyMap<string, readonly Capability[]> = new Map([
  ['deny', ['deny']],
  ['read', ['read', 'list']],
  ['write', ['create', 'read', 'update', 'delete', 'list']],
  ['sudo', ['create', 'read', 'update', 'delete', 'list', 'sudo']],
]);

const known = [
  'comment',
  'policy',
  'capabilities',
  'allowed_parameters',
  'denied_parameters',
  'required_parameters',
  'min_wrapping_ttl',
  'max_wrapping_ttl',
] as const;
type Field = (typeof known)[number];

type Block = { readonly path: string; readonly at: number; readonly body: ObjectValue };

/**
 * Reads an ACL policy in HCL or JSON strictly. Throws `policy-malformed` with line and column; the message never
 * repeats more than a few characters of the text. The bounds: 131,072 characters, 2,000 rules, 16 levels.
 */
export function parseAclPolicy(text: string): AclPolicy {
  const source = openSource(text);
  const found = blocks(parseTree(source), source);
  const excess = found[rulesMax];
  if (excess) throw source.malformed(excess.at, `more than ${rulesMax} path blocks are not allowed`);
  return { rules: found.map((block) => rule(block, source)) };
}

function blocks(root: ObjectValue, source: Source): Block[] {
  const found: Block[] = [];
  for (const member of root.members) {
    const { name, at, labels, value } = member;
    if (name === 'name' && labels.length === 0) {
      text(value, source);
    } else if (name !== 'path') {
      throw source.malformed(at, `${shown(name)} is unknown here; path is known`);
    } else if (source.dialect === 'hcl') {
      const [path] = labels;
      if (path === undefined || labels.length > 1 || value.kind !== 'object')
        throw source.malformed(at, 'a path block is written path "..." { ... }');
      found.push({ path, at, body: value });
    } else {
      for (const paths of objects(value, source)) {
        refuseRepeated(paths, source);
        for (const { name: path, at: place, value: bodies } of paths.members)
          for (const body of objects(bodies, source)) found.push({ path, at: place, body });
      }
    }
  }
  if (source.dialect === 'json') refuseRepeated(root, source);
  return found;
}

/** An object, or a list of objects. */
function objects(value: Value, source: Source): readonly ObjectValue[] {
  const list = value.kind === 'list' ? value.items : [value];
  return list.map((entry) => {
    if (entry.kind !== 'object') throw source.malformed(entry.at, 'an object is expected');
    return entry;
  });
}

function refuseRepeated({ members }: ObjectValue, source: Source): void {
  const seen = new Set<string>();
  for (const { name, at } of members) {
    if (seen.has(name)) throw source.malformed(at, `${shown(name)} stands here a second time`);
    seen.add(name);
  }
}

function isKnown(name: string): name is Field {
  return known.some((field) => field === name);
}

function fieldsOf({ body }: Block, source: Source): ReadonlyMap<Field, Value> {
  refuseRepeated(body, source);
  const fields = new Map<Field, Value>();
  for (const { name, at, labels, value } of body.members) {
    if (unsupported.has(name)) {
      throw source.malformed(at, `${name} is not supported, and a policy that names it is not accepted`);
    }
    if (!isKnown(name))
      throw source.malformed(at, `${shown(name)} is unknown; known are ${known.join(', ')}`);
    if (labels.length > 0) throw source.malformed(at, `${name} takes no name of its own`);
    fields.set(name, value);
  }
  return fields;
}

function rule(block: Block, source: Source): AclRule {
  checkPath(block, source);
  const fields = fieldsOf(block, source);
  const read = <T>(field: Field, reader: (value: Value, from: Source) => T): T | null => {
    const value = fields.get(field);
    return value ? reader(value, source) : null;
  };
  read('comment', text);
  const minWrappingSeconds = read('min_wrapping_ttl', duration) || null;
  const maxWrappingSeconds = read('max_wrapping_ttl', duration) || null;
  if (minWrappingSeconds && maxWrappingSeconds && maxWrappingSeconds < minWrappingSeconds)
    throw source.malformed(block.at, 'max_wrapping_ttl is less than min_wrapping_ttl');
  const given = new Set([...(read('capabilities', capabilityList) ?? []), ...(read('policy', legacy) ?? [])]);
  return {
    path: block.path,
    capabilities: given.has('deny') ? ['deny'] : capabilities.filter((name) => given.has(name)),
    allowedParameters: read('allowed_parameters', parameters),
    deniedParameters: read('denied_parameters', parameters),
    requiredParameters: [
      ...new Set(read('required_parameters', texts)?.map((name) => name.toLowerCase()) ?? []),
    ],
    minWrappingSeconds,
    maxWrappingSeconds,
  };
}

function checkPath({ path, at }: Block, source: Source): void {
  const fault = templateFault(path);
  if (fault) throw source.malformed(at, `the path ${shown(path)} can't be used: ${fault}`);
  if (path.includes('+*'))
    throw source.malformed(at, `the path ${shown(path)} can't be used: "+*" has no meaning`);
  if (/\p{Cc}/u.test(path))
    throw source.malformed(at, `the path ${shown(path)} can't be used: it has a control character`);
}

function text(value: Value, source: Source): string {
  if (value.kind !== 'text') throw source.malformed(value.at, 'a string is expected');
  return value.text;
}

function textItems(value: Value, source: Source): readonly (Value & { readonly kind: 'text' })[] {
  if (value.kind !== 'list') throw source.malformed(value.at, 'a list of strings is expected');
  return value.items.map((item) => {
    if (item.kind !== 'text') throw source.malformed(item.at, 'a string is expected');
    return item;
  });
}

function texts(value: Value, source: Source): readonly string[] {
  return textItems(value, source).map((item) => item.text);
}

function capabilityList(value: Value, source: Source): readonly Capability[] {
  return textItems(value, source).map((item) => {
    const found = capabilities.find((name) => name === item.text);
    if (found) return found;
    throw source.malformed(
      item.at,
      `the capability ${shown(item.text)} is unknown; known are ${capabilities.join(', ')}`,
    );
  });
}

function legacy(value: Value, source: Source): readonly Capability[] {
  const found = legacyPolicies.get(text(value, source));
  if (!found) throw source.malformed(value.at, '"deny", "read", "write" or "sudo" is expected');
  return found;
}

function duration(value: Value, source: Source): number {
  const written = value.kind === 'text' ? value.text : value.kind === 'plain' ? value.plain : null;
  const isWritten = typeof written === 'string' || typeof written === 'number';
  const seconds = isWritten ? durationSeconds(written) : undefined;
  if (seconds === undefined)
    throw source.malformed(value.at, 'a duration is expected: seconds, or a string like "90s" or "1h30m"');
  return seconds;
}

function parameters(value: Value, source: Source): ParameterValues {
  const members = objects(value, source).flatMap((entry): readonly Member[] => entry.members);
  const found = new Map<string, readonly unknown[]>();
  for (const { name, at, labels, value: values } of members) {
    const lower = name.toLowerCase();
    if (found.has(lower))
      throw source.malformed(at, `the parameter ${shown(name)} stands here a second time`);
    if (labels.length > 0 || values.kind !== 'list')
      throw source.malformed(values.at, 'a list of values is expected');
    found.set(
      lower,
      values.items.map((item) => plainValue(item, source)),
    );
  }
  return Object.fromEntries(found);
}

/** A value as JSON would give it. */
function plainValue(value: Value, source: Source): unknown {
  if (value.kind === 'text') return value.text;
  if (value.kind === 'plain') return value.plain;
  if (value.kind === 'list') return value.items.map((item) => plainValue(item, source));
  refuseRepeated(value, source);
  return Object.fromEntries(
    value.members.map(({ name, labels, value: inner }) => {
      if (labels.length > 0) throw source.malformed(inner.at, '"=" is expected');
      return [name, plainValue(inner, source)];
    }),
  );
}
