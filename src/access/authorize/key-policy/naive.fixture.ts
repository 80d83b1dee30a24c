/** A second reading of AWS's rules, as simple as it can be: it reads the raw document anew for every question. */

export type Document = {
  readonly Version: string;
  readonly Statement: readonly RawStatement[];
};

export type RawStatement = {
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal?: '*' | { readonly AWS: readonly string[] };
  readonly NotPrincipal?: { readonly AWS: readonly string[] };
  readonly Action?: readonly string[];
  readonly NotAction?: readonly string[];
  readonly Resource?: readonly string[];
  readonly NotResource?: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
};

export type Question = {
  readonly account: string;
  readonly user: string;
  readonly action: string;
  readonly key: string;
  readonly values: Readonly<Record<string, readonly string[]>>;
};

function like(pattern: string, text: string, flags = ''): boolean {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '[^]*')
    .replaceAll('?', '[^]');
  return new RegExp(`^${source}$`, flags).test(text);
}

/** Replaces `${name}`; the value's own stars are hidden in signs that the questions never hold. */
function resolve(text: string, question: Question, version: string): string | null {
  if (version !== '2012-10-17') return text;
  let missing = false;
  const found = text.replaceAll(/\$\{([^}]+)\}/g, (_, name: string) => {
    const value = question.values[name.toLowerCase()];
    if (value?.length !== 1) missing = true;
    return value?.[0] ?? '';
  });
  return missing ? null : found;
}

const tests: Readonly<Record<string, (actual: string, wanted: string) => boolean>> = {
  StringEquals: (a, w) => a === w,
  StringLike: (a, w) => like(w, a),
  NumericLessThan: (a, w) => Number.parseFloat(a) < Number.parseFloat(w),
  Bool: (a, w) => a === w,
};

function conditionHolds(
  full: string,
  key: string,
  wanted: readonly string[],
  question: Question,
  version: string,
) {
  const actual = question.values[key.toLowerCase()];
  if (full === 'Null') return wanted.includes(actual ? 'false' : 'true');
  const operator = full.replace(/^.*:/, '').replace('IfExists', '');
  const positive = operator.replace('Not', '');
  if (!actual) {
    if (full.endsWith('IfExists') || full.startsWith('ForAllValues:')) return true;
    return operator.includes('Not') && !full.startsWith('ForAnyValue:');
  }
  const takesVariables = positive.startsWith('String');
  const resolved = wanted.map((text) => (takesVariables ? resolve(text, question, version) : text));
  const equals = (value: string) => resolved.some((text) => text !== null && tests[positive]?.(value, text));
  const each = (value: string) => (operator.includes('Not') ? !equals(value) : equals(value));
  const every =
    full.startsWith('ForAllValues:') || (operator.includes('Not') && !full.startsWith('ForAnyValue:'));
  return every ? actual.every(each) : actual.some(each);
}

function applies(statement: RawStatement, question: Question, version: string): boolean {
  const isAction = (pattern: string) => like(pattern, question.action, 'i');
  if (
    !(statement.Action?.some(isAction) ?? (statement.NotAction ? !statement.NotAction.some(isAction) : false))
  )
    return false;
  const isKey = (pattern: string): boolean | null => {
    const text = resolve(pattern, question, version);
    return text === null ? null : like(text, question.key);
  };
  const listed = statement.Resource ?? statement.NotResource;
  if (!listed) return false;
  if (statement.Resource && !listed.some((entry) => isKey(entry) === true)) return false;
  if (statement.NotResource && listed.some((entry) => isKey(entry) ?? statement.Effect === 'Allow'))
    return false;
  return Object.entries(statement.Condition ?? {}).every(([operator, keys]) =>
    Object.entries(keys).every(([key, wanted]) => conditionHolds(operator, key, wanted, question, version)),
  );
}

/** `deny`, `allow` (the caller by name, or everybody), `delegated` (the caller's account), `none`. */
export function naiveAnswer(document: Document, question: Question): 'deny' | 'allow' | 'delegated' | 'none' {
  const arn = `arn:aws:iam::${question.account}:user/${question.user}`;
  const accounts = [question.account, `arn:aws:iam::${question.account}:root`];
  const found = document.Statement.filter((statement) => applies(statement, question, document.Version));
  const names = (statement: RawStatement): readonly string[] =>
    statement.Principal === '*' ? ['*'] : (statement.Principal?.AWS ?? []);
  const byName = (statement: RawStatement) => names(statement).some((name) => name === '*' || name === arn);
  const byAccount = (statement: RawStatement) => names(statement).some((name) => accounts.includes(name));
  const spared = ({ NotPrincipal }: RawStatement) =>
    NotPrincipal?.AWS.some((name) => name === '*' || name === arn || accounts.includes(name)) ?? true;
  const denies = (statement: RawStatement) => byName(statement) || byAccount(statement) || !spared(statement);
  if (found.some((statement) => statement.Effect === 'Deny' && denies(statement))) return 'deny';
  const allows = found.filter(({ Effect }) => Effect === 'Allow');
  if (allows.some(byName)) return 'allow';
  return allows.some(byAccount) ? 'delegated' : 'none';
}
