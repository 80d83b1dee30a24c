/** A small generator with a seed (mulberry32), so that a failure can be repeated. Never a source of secrets. */
export type Dice = {
  /** 0 to below `sides`. */
  readonly roll: (sides: number) => number;
  readonly pick: <T>(from: readonly T[]) => T;
};

export function diceOf(seed: number): Dice {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const roll = (sides: number): number => Math.floor(next() * sides);
  return {
    roll,
    pick: (from) => {
      const found = from[roll(from.length)];
      if (found === undefined) throw new Error('nothing to pick from');
      return found;
    },
  };
}

export type Message = { readonly headers: readonly string[]; readonly body: Buffer };

/** Values that a member may be replaced by, as JSON text. */
const oddities: readonly string[] = [
  ...[
    'null',
    'true',
    'false',
    '0',
    '-1',
    '1.5',
    '1e999',
    '-0',
    '9007199254740993',
    '2147483648',
    '""',
    '" "',
  ],
  ...[
    '[]',
    '{}',
    '[null]',
    '[[]]',
    '{"":""}',
    '{"__proto__":{"a":1}}',
    '{"constructor":"x"}',
    '{"toString":null}',
  ],
  ...[
    '"\\ud800"',
    '"\\u0000"',
    '"💥"',
    '"ä"',
    '"../../etc/passwd"',
    '"${jndi:x}"',
    '"\'; DROP TABLE keys; --"',
    '"AAAA"',
    '"A==="',
    '"QUJD\\n"',
  ],
  ...[
    '"alias/aws/kms"',
    '"alias/"',
    '"alias/__proto__"',
    '"arn:aws:kms:us-east-1:000000000000:key/x"',
    '"arn:aws:kms:::key/"',
    '"mrk-"',
  ],
  ...[
    '"SYMMETRIC_DEFAULT"',
    '"RSAES_OAEP_SHA_256"',
    '"ECDSA_SHA_256"',
    '"SM2"',
    '"ML_KEM_768"',
    '"IGNORE_CIPHERTEXT"',
    '["IGNORE_CIPHERTEXT"]',
  ],
  '"00000000-0000-0000-0000-000000000000"',
  JSON.stringify('x'.repeat(10_000)),
  JSON.stringify(Buffer.alloc(7000, 1).toString('base64')),
  JSON.stringify(
    Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`k${index}`, 'v'.repeat(40)])),
  ),
  `${'['.repeat(40)}${']'.repeat(40)}`,
  `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`,
  '['.repeat(20_000),
];

const names = [
  'KeyId',
  'DryRun',
  'GrantTokens',
  'Recipient',
  'EncryptionContext',
  'Limit',
  'Marker',
  'Tags',
  '__proto__',
  'constructor',
  'prototype',
  'hasOwnProperty',
  '',
];

type Mutation = (text: string, dice: Dice) => string;

/** Members of the text: where their values begin and end. */
function members(text: string): { name: string; from: number; to: number }[] {
  const form = /"([^"\\]*)":("(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*|true|false|null|\[[^[\]]*\]|\{[^{}]*\})/g;
  return [...text.matchAll(form)].map((match) => {
    const [whole, name = '', value = ''] = match;
    const to = match.index + whole.length;
    return { name, from: to - value.length, to };
  });
}

const replaceValue: Mutation = (text, dice) => {
  const all = members(text);
  if (all.length === 0) return dice.pick(oddities);
  const { from, to } = dice.pick(all);
  return text.slice(0, from) + dice.pick(oddities) + text.slice(to);
};

const addMember: Mutation = (text, dice) =>
  text.replace('{', `{${JSON.stringify(dice.pick(names))}:${dice.pick(oddities)},`);

const repeatMember: Mutation = (text, dice) => {
  const all = members(text);
  if (all.length === 0) return text + text;
  const { name, from, to } = dice.pick(all);
  return text.replace('{', `{${JSON.stringify(name)}:${text.slice(from, to)},`);
};

const dropMember: Mutation = (text, dice) => {
  const all = members(text);
  if (all.length === 0) return '';
  const { name, from, to } = dice.pick(all);
  return text.slice(0, from - name.length - 3) + text.slice(to).replace(/^,/, '');
};

const swapValues: Mutation = (text, dice) => {
  const all = members(text);
  if (all.length < 2) return text;
  const [one, other] = [dice.pick(all), dice.pick(all)];
  return text.slice(0, one.from) + text.slice(other.from, other.to) + text.slice(one.to);
};

const truncate: Mutation = (text, dice) => text.slice(0, dice.roll(text.length + 1));
const wrap: Mutation = (text, dice) =>
  dice.pick([`[${text}]`, `"${text}"`, `${text}}`, ` ${text}\n`, `\ufeff${text}`, `${text}${text}`]);

const mutations: readonly Mutation[] = [
  ...[
    replaceValue,
    replaceValue,
    replaceValue,
    addMember,
    repeatMember,
    dropMember,
    swapValues,
    truncate,
    wrap,
  ],
];

function mutateBytes(body: Buffer, dice: Dice): Buffer {
  if (body.length === 0) return Buffer.from([dice.roll(256)]);
  const at = dice.roll(body.length);
  const byte = Buffer.from([dice.roll(256)]);
  const some = body.subarray(at, at + 1 + dice.roll(20));
  return Buffer.concat(
    dice.pick([
      [body.subarray(0, at), byte, body.subarray(at + 1)],
      [body.subarray(0, at), byte, body.subarray(at)],
      [body.subarray(0, at), body.subarray(at + some.length)],
      [body.subarray(0, at), some, body.subarray(at)],
    ]),
  );
}

const targets = [
  '',
  'TrentService',
  'TrentService.',
  'TrentService.__proto__',
  'TrentService.constructor',
  'TrentService.encrypt',
  'TrentService.Encrypt ',
  'secretsmanager.GetSecretValue',
  'TrentService.CreateGrant',
  'x'.repeat(5000),
];

function mutateHeaders(headers: readonly string[], dice: Dice): readonly string[] {
  return dice.pick([
    ['x-amz-target', dice.pick(targets)],
    [],
    [...headers, ...headers],
    [...headers, 'X-Amz-Target', dice.pick(targets)],
    [
      ...headers,
      'content-type',
      dice.pick(['text/xml', '', 'application/x-amz-json-1.0', 'multipart/form-data']),
    ],
    [...headers, 'user-agent', 'ü'.repeat(2000)],
    headers.slice(0, 1),
  ]);
}

/** A message changed at one to three places. */
export function mutated(message: Message, others: readonly Message[], dice: Dice): Message {
  let { headers, body } = message;
  for (let count = 1 + dice.roll(3); count > 0; count -= 1) {
    const kind = dice.roll(20);
    if (kind < 16) body = Buffer.from(dice.pick(mutations)(body.toString('utf8'), dice));
    else if (kind < 18) body = mutateBytes(body, dice);
    else if (kind < 19) headers = dice.pick(others).headers;
    else headers = mutateHeaders(headers, dice);
  }
  return { headers, body };
}
