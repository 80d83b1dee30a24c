/** Whom a policy's templates speak of. An absent value makes the rule that asks for it match nothing. */
export type AclSubject = {
  readonly entity:
    | (Named & { readonly aliases: Readonly<Record</* mount accessor */ string, Alias>> })
    | null;
  readonly groups: readonly Named[];
};

type Named = {
  readonly id: string;
  readonly name: string;
  readonly metadata: Readonly<Record<string, string>>;
};

/** What the login tells is `metadata`, and what was written of it `customMetadata`. */
type Alias = Named & { readonly customMetadata?: Readonly<Record<string, string>> };

/** A path after its templates are filled. */
export type FilledPath = {
  readonly text: string;
  /**
   * As long as `text`, with a letter for every character that a template brought, except `/`. Wildcards are looked for
   * here: what a subject is called never becomes a wildcard.
   */
  readonly shape: string;
};

type Lookup = (subject: AclSubject) => string | undefined;

/** Literal pieces and directives by turns; null where braces are not balanced. */
function pieces(path: string): { readonly literals: string[]; readonly directives: string[] } | null {
  const [first = '', ...rest] = path.split('{{');
  if (first.includes('}}')) return null;
  const literals = [first];
  const directives: string[] = [];
  for (const piece of rest) {
    const [directive = '', literal, ...more] = piece.split('}}');
    if (literal === undefined || more.length > 0) return null;
    directives.push(directive.trim());
    literals.push(literal);
  }
  return { literals, directives };
}

function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

function attribute(selector: string): ((named: Named) => string | undefined) | null {
  if (selector === 'id') return ({ id }) => id;
  if (selector === 'name') return ({ name }) => name;
  const key = /^metadata\.(.+)$/s.exec(selector)?.[1];
  return key === undefined ? null : ({ metadata }) => own(metadata, key);
}

/** What is said of an alias, by an attribute that an entity or a group has as well, or one of its own. */
function aliasAttribute(selector: string): ((alias: Alias) => string | undefined) | null {
  const key = /^custom_metadata\.(.+)$/s.exec(selector)?.[1];
  return key === undefined ? attribute(selector) : ({ customMetadata }) => own(customMetadata ?? {}, key);
}

/** Null: there is no such directive. */
function lookup(directive: string): Lookup | null {
  const alias = /^identity\.entity\.aliases\.([^.]+)\.(.+)$/s.exec(directive);
  if (alias) {
    const [, accessor = '', selector = ''] = alias;
    const read = aliasAttribute(selector);
    if (!read) return null;
    return ({ entity }) => {
      const found = entity ? own(entity.aliases, accessor) : undefined;
      return found && read(found);
    };
  }
  const ofEntity = /^identity\.entity\.(.+)$/s.exec(directive)?.[1];
  if (ofEntity !== undefined) {
    const read = attribute(ofEntity);
    return read && (({ entity }) => (entity ? read(entity) : undefined));
  }
  const group = /^identity\.groups\.(ids|names)\.([^.]+)\.(.+)$/s.exec(directive);
  if (!group) return null;
  const [, by, key, selector = ''] = group;
  const read = attribute(selector);
  if (!read) return null;
  return ({ groups }) => {
    const found = groups.find(({ id, name }) => (by === 'ids' ? id : name) === key);
    return found && read(found);
  };
}

/** What is wrong with the templates of a path; null where nothing is. */
export function templateFault(path: string): string | null {
  const found = pieces(path);
  if (!found) return 'its braces {{ }} are not balanced';
  if (found.directives.every((directive) => lookup(directive))) return null;
  return (
    'its template is unknown; id, name and metadata.KEY are known of {{identity.entity.}}, ' +
    '{{identity.entity.aliases.ACCESSOR.}} (with custom_metadata.KEY besides), {{identity.groups.ids.ID.}} and ' +
    '{{identity.groups.names.NAME.}}'
  );
}

/**
 * The path for a subject; null where a template has no value. An empty value is none: it would join what the
 * template was to keep apart.
 */
export function fillPath(path: string, subject: AclSubject | null): FilledPath | null {
  const found = pieces(path);
  if (!found) return null;
  let text = found.literals[0] ?? '';
  let shape = text;
  for (const [index, directive] of found.directives.entries()) {
    const value = subject ? lookup(directive)?.(subject) : undefined;
    if (!value || /\p{Cc}/u.test(value)) return null;
    const literal = found.literals[index + 1] ?? '';
    text += value + literal;
    shape += value.replaceAll(/[^/]/g, 'x') + literal;
  }
  return { text, shape };
}
