/** `dlc completion SHELL`: a script that completes commands, options, their values and programs. */
import type { Command } from "commander";
import { codes } from "../compiler/diagnostics/codes.ts";

export type Shell = "bash" | "zsh" | "fish";

interface Completed {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly {
    readonly flags: readonly string[];
    readonly text: string;
    /** What it takes: some words, a path, anything, or nothing. */
    readonly takes: readonly string[] | "path" | "text" | null;
  }[];
  /** Words that may stand for an argument, besides paths. */
  readonly words: readonly string[];
  readonly paths: boolean;
}

export function completionScript(program: Command, shell: Shell): string {
  // What stands behind "help" are the names of the others.
  const commands = program.commands.filter((command) => command.name() !== "help").map(completedOf);
  return { bash, zsh, fish }[shell](commands);
}

function completedOf(command: Command): Completed {
  const argument = command.registeredArguments[0];
  return {
    name: command.name(),
    summary: command.summary() || command.description(),
    options: command
      .createHelp()
      .visibleOptions(command)
      .map((option) => ({
        flags: [option.short, option.long].filter((flag) => flag !== undefined),
        text: option.description,
        takes: !(option.required || option.optional)
          ? null
          : (option.argChoices ?? (/folder|file/.test(option.flags) ? "path" : "text")),
      })),
    words: argument?.argChoices ?? (command.name() === "explain" ? Object.keys(codes) : []),
    paths: argument !== undefined && argument.argChoices === undefined,
  };
}

function bash(commands: readonly Completed[]): string {
  const cases = commands.map(({ name, options, words, paths }) => {
    const values = options.flatMap(({ flags, takes }) => {
      if (takes === null) return [];
      const reply =
        takes === "path"
          ? 'COMPREPLY=($(compgen -f -- "$word"))'
          : takes === "text"
            ? ":"
            : `COMPREPLY=($(compgen -W "${takes.join(" ")}" -- "$word"))`;
      return [`        ${flags.join("|")}) ${reply}; return ;;`];
    });
    const flags = options.flatMap((option) => option.flags).join(" ");
    const lines = [
      `    ${name})`,
      ...(values.length > 0 ? ['      case "$before" in', ...values, "      esac"] : []),
      `      if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "${flags}" -- "$word")); return; fi`,
      ...(words.length > 0 ? [`      COMPREPLY=($(compgen -W "${words.join(" ")}" -- "$word"))`] : []),
      ...(paths ? ['      COMPREPLY+=($(compgen -f -X "!*.dlc" -- "$word") $(compgen -d -- "$word"))'] : []),
      "      ;;",
    ];
    return lines.join("\n");
  });
  return `# dlc completion for bash: eval "$(dlc completion bash)"
_dlc() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]}
  COMPREPLY=()
  if [[ $COMP_CWORD -eq 1 ]]; then
    COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(" ")} help --help --version" -- "$word"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join("\n")}
    help) COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(" ")}" -- "$word")) ;;
  esac
}
complete -o filenames -F _dlc dlc
`;
}

function zsh(commands: readonly Completed[]): string {
  const quoted = (text: string): string => text.replaceAll("'", "'\\''").replace(/[[\]:]/g, "\\$&");
  const cases = commands.map(({ name, options, words, paths }) => {
    const specs = options.flatMap(({ flags, text, takes }) => {
      const value =
        takes === null
          ? ""
          : takes === "path"
            ? ":path:_files"
            : takes === "text"
              ? ":value: "
              : `:value:(${takes.join(" ")})`;
      return flags.map((flag) => `'*${flag}[${quoted(text)}]${value}'`);
    });
    const files = '_files -g "*.dlc"';
    if (words.length > 0 && paths) specs.push(`'*:subject:{ compadd -- ${words.join(" ")}; ${files} }'`);
    else if (words.length > 0) specs.push(`'*:word:(${words.join(" ")})'`);
    else if (paths) specs.push(`'*:program:${files}'`);
    return `    ${name})\n      _arguments ${specs.join(" \\\n        ")}\n      ;;`;
  });
  return `#compdef dlc
# dlc completion for zsh: eval "$(dlc completion zsh)", behind compinit
_dlc() {
  local -a commands
  commands=(
${commands.map(({ name, summary }) => `    '${name}:${quoted(summary)}'`).join("\n")}
    'help:print help for a command'
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${cases.join("\n")}
    help) _describe command commands ;;
  esac
}
compdef _dlc dlc
`;
}

function fish(commands: readonly Completed[]): string {
  const quoted = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const lines = commands.flatMap(({ name, summary, options, words, paths }) => {
    const here = `complete -c dlc -n '__fish_seen_subcommand_from ${name}'`;
    return [
      `complete -c dlc -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`,
      ...options.map(({ flags, text, takes }) => {
        const named = flags
          .map((flag) => (flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`))
          .join(" ");
        const value =
          takes === null
            ? ""
            : takes === "path"
              ? " -r -F"
              : takes === "text"
                ? " -x"
                : ` -x -a ${quoted(takes.join(" "))}`;
        return `${here} ${named} -d ${quoted(text)}${value}`;
      }),
      ...(words.length > 0 ? [`${here} -a ${quoted(words.join(" "))}`] : []),
      ...(paths ? [`${here} -k -a '(__fish_complete_suffix .dlc)'`] : []),
    ];
  });
  return `# dlc completion for fish: dlc completion fish | source
complete -c dlc -f
complete -c dlc -n __fish_use_subcommand -s v -l version -d 'print the version'
complete -c dlc -s h -l help -d 'print help'
complete -c dlc -n __fish_use_subcommand -a help -d 'print help for a command'
${lines.join("\n")}
`;
}
