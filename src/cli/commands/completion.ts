import { Argument, type Command } from 'commander';

/** A place on the command line and the words that may follow there. */
export type Place = { readonly words: string; readonly candidates: readonly string[] };

/** All places of a command table. */
export function placesOf(command: Command, before = ''): Place[] {
  const words = `${before}${command.name()}`;
  const options = command.options.filter((option) => !option.hidden).map((option) => option.long ?? '');
  const choices = command.registeredArguments.flatMap((argument) => argument.argChoices ?? []);
  const candidates = [...command.commands.map((sub) => sub.name()), ...choices, ...options, '--help'];
  return [{ words, candidates }, ...command.commands.flatMap((sub) => placesOf(sub, `${words} `))];
}

const alternatives = (places: readonly Place[]) => places.map(({ words }) => `"${words}"`).join('|');

function bash(name: string, places: readonly Place[]): string {
  const lines = places.map(
    ({ words, candidates }) => `    "${words}") candidates="${candidates.join(' ')}" ;;`,
  );
  return `# bash completion for ${name}: eval "$(${name} completion bash)"
_${name}() {
  local word="\${COMP_WORDS[COMP_CWD]}" place="${name}" at candidates=""
  for ((at = 1; at < COMP_CWD; at++)); do
    case "$place \${COMP_WORDS[at]}" in
    ${alternatives(places)}) place="$place \${COMP_WORDS[at]}" ;;
    esac
  done
  case "\${COMP_WORDS[COMP_CWD-1]}" in
    -o|--output) place="" candidates="table json jsonl" ;;
  esac
  case "$place" in
${lines.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$candidates" -- "$word"))
}
complete -o default -F _${name} ${name} ./${name}
`;
}

function zsh(name: string, places: readonly Place[]): string {
  const lines = places.map(
    ({ words, candidates }) => `    ("${words}") compadd -- ${candidates.join(' ')} ;;`,
  );
  return `#compdef ${name}
# zsh completion for ${name}: source <(${name} completion zsh)
_${name}() {
  local place="${name}" at
  for ((at = 2; at < CURRENT; at++)); do
    case "$place \${words[at]}" in
    (${alternatives(places)}) place="$place \${words[at]}" ;;
    esac
  done
  case "\${words[CURRENT-1]}" in
    (-o|--output) compadd -- table json jsonl; return ;;
  esac
  case "$place" in
${lines.join('\n')}
  esac
  [[ "\${words[CURRENT]}" == -* ]] || _files
}
compdef _${name} ${name}
`;
}

function fish(name: string, places: readonly Place[]): string {
  const lines = places.map(
    ({ words, candidates }) =>
      `complete -c ${name} -n 'test (__${name}_place) = "${words}"' -a '${candidates.join(' ')}'`,
  );
  return `# fish completion for ${name}: ${name} completion fish | source
function __${name}_place
  set -l place ${name}
  for word in (commandline -opc)[2..-1]
    contains -- "$place $word" ${places.map(({ words }) => `'${words}'`).join(' ')}
    and set place "$place $word"
  end
  echo $place
end
${lines.join('\n')}
`;
}

const shells = { bash, zsh, fish } as const;

/** `completion`, made from the same table as the commands. */
export function addCompletion(program: Command): void {
  program
    .command('completion')
    .description('the completion script of a shell: eval "$(claviger completion bash)"')
    .addArgument(new Argument('<shell>').choices(Object.keys(shells)))
    .action((shell: keyof typeof shells) => {
      process.stdout.write(shells[shell](program.name(), placesOf(program)));
    });
}
