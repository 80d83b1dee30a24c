/** What a path's rules say of parameters, ready to be asked. Names are lower case. */
export type ParameterRules = {
  /** Null: every parameter is allowed. */
  readonly allowed: ReadonlyMap<string, readonly unknown[]> | null;
  readonly denied: ReadonlyMap<string, readonly unknown[]> | null;
  readonly required: readonly string[];
};

type Parameters = Readonly<Record<string, unknown>>;

/** Whether a request with these parameters is within the rules; names are compared without regard to case. */
//= vault policies, "Parameter constraints"
export function allowsParameters(rules: ParameterRules, parameters: Parameters): boolean {
  const given = Object.keys(parameters).map((name) => ({
    name: name.toLowerCase(),
    value: parameters[name],
  }));
  if (!rules.required.every((name) => given.some((entry) => entry.name === name))) return false;
  return given.every(({ name, value }) => !isDenied(rules, name, value) && isAllowed(rules, name, value));
}

function isDenied({ denied }: ParameterRules, name: string, value: unknown): boolean {
  if (!denied) return false;
  if (denied.has('*')) return true;
  const list = denied.get(name);
  if (!list) return false;
  // a lone star can only be meant as a glob; what is denied is read in its widest sense
  if (list.length === 0 || list.includes('*')) return true;
  return isListed(value, list) || elements(value).some((element) => isListed(element, list));
}

function isAllowed({ allowed }: ParameterRules, name: string, value: unknown): boolean {
  if (!allowed) return true;
  const list = allowed.get(name);
  if (!list) return allowed.has('*');
  if (list.length === 0 || isListed(value, list)) return true;
  if (Array.isArray(value)) return value.every((element) => isListed(element, list));
  const parts = elements(value);
  return parts.length > 0 && parts.every((element) => isListed(element, list));
}

/** The elements of a list, which may be written as a string with commas. */
function elements(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (typeof value !== 'string' || !value.includes(',')) return [];
  return value.split(',').map((part) => part.trim());
}

function isListed(value: unknown, list: readonly unknown[]): boolean {
  return list.some((listed) => means(listed, value));
}

/** Whether a value of the policy means the value that is given: `3`, `"3"` are one, since clients send strings. */
function means(listed: unknown, given: unknown): boolean {
  if (isScalar(listed)) return isScalar(given) && scalarMeans(listed, given);
  if (Array.isArray(listed)) {
    return (
      Array.isArray(given) &&
      given.length === listed.length &&
      listed.every((entry, index) => means(entry, given[index]))
    );
  }
  if (!isRecord(listed) || !isRecord(given)) return listed === given;
  const names = Object.keys(listed);
  return (
    names.length === Object.keys(given).length &&
    names.every((name) => Object.hasOwn(given, name) && means(listed[name], given[name]))
  );
}

type Scalar = string | number | boolean;

function isScalar(value: unknown): value is Scalar {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function isRecord(value: unknown): value is Parameters {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const booleanWords: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'true'].map((word) => [word, true] as const),
  ...['0', 'f', 'false'].map((word) => [word, false] as const),
]);

function scalarMeans(listed: Scalar, given: Scalar): boolean {
  const text = String(given);
  if (typeof listed === 'string') return matchesGlob(listed, text);
  if (typeof listed === 'boolean') return booleanWords.get(text.trim().toLowerCase()) === listed;
  return typeof given !== 'boolean' && text.trim() !== '' && Number(text) === listed;
}

/** A star at either end stands for anything; alone it is itself. */
function matchesGlob(glob: string, text: string): boolean {
  if (glob.length < 2) return glob === text;
  const [opens, closes] = [glob.startsWith('*'), glob.endsWith('*')];
  if (opens && closes) return text.includes(glob.slice(1, -1));
  if (opens) return text.endsWith(glob.slice(1));
  return closes ? text.startsWith(glob.slice(0, -1)) : glob === text;
}
