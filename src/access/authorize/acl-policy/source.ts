import { ClavigerError } from '#domain';

/** The text of a policy, and how an error about one of its places is said. Whoever writes policies controls the text. */
export type Source = {
  readonly text: string;
  /** `HCL`, or `JSON` where the text begins with a brace, as in Vault. */
  readonly dialect: 'hcl' | 'json';
  /** `at` counts characters from 0; `why` follows "The policy is malformed at line L, column C: ". */
  readonly malformed: (at: number, why: string) => ClavigerError;
};

const charactersMax = 131_072;

/** Takes a text for reading. Throws `policy-malformed` where it is too long. */
export function openSource(text: string): Source {
  if (text.length > charactersMax) {
    throw new ClavigerError(
      'policy-malformed',
      `The policy is malformed: it has ${text.length} characters, and ${charactersMax} are allowed.`,
    );
  }
  return {
    text,
    dialect: /^\uFEFF?[ \t\r\n]*\{/.test(text) ? 'json' : 'hcl',
    malformed(at, why) {
      const before = text.slice(0, at);
      const line = before.split('\n').length;
      const column = at - before.lastIndexOf('\n');
      return new ClavigerError(
        'policy-malformed',
        `The policy is malformed at line ${line}, column ${column}: ${why}.`,
        { details: { line, column } },
      );
    },
  };
}

/** A piece of the text for a message: quoted, and never long. */
export function shown(text: string): string {
  return JSON.stringify(text.length > 24 ? `${text.slice(0, 24)}...` : text);
}
