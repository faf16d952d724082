/**
 * The command line. Reads the arguments, starts one command, turns what it throws into a message.
 * Exit codes: 0 clean; 1 findings at error level, a counterexample, a node that failed; 2 wrong use or a fault of dlc.
 */
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from "commander";
import type { Deployed } from "./build.ts";
import type { CheckOptions, Planning } from "./check.ts";
import type { Shell } from "./completion.ts";
import { planNames, readBudget, strategies } from "./config.ts";
import type { FmtOptions } from "./fmt.ts";
import type { GoneOptions } from "./gone.ts";
import { formNames } from "./draw/form-names.ts";
import { processIo, WrongUse } from "./io.ts";
import type { VerifyOptions } from "./verify.ts";
import type { Io } from "./io.ts";
import type { StatusOptions } from "./status.ts";
import type { LaunchOptions } from "./launch/plan.ts";
import { version } from "./root.ts";

const shells: readonly Shell[] = ["bash", "zsh", "fish"];

export async function main(argv: readonly string[], io: Io = processIo()): Promise<number> {
  try {
    let code = 0;
    const program = commands(io, (result) => (code = result));
    await program.parseAsync(argv, { from: "user" });
    return code;
  } catch (error) {
    return explainFailure(error, io);
  }
}

/** `finish` takes the exit code of the command that ran. */
function commands(io: Io, finish: (code: number) => void): Command {
  const program = new Command("dlc")
    .description(
      "Compiles .dlc programs: finds the rules whose answer depends on message order\nand inserts the cheapest coordination that removes the dependence.",
    )
    .version(version(), "-v, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .helpCommand(false)
    .showHelpAfterError("(dlc --help shows how it is used)")
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: io.out,
      writeErr: io.err,
      outputError: (text, write) => write(text.replace(/^error: /, "dlc: ")),
    })
    .exitOverride()
    .addHelpText(
      "after",
      examples([
        "dlc init shop",
        "dlc check ads.dlc",
        "dlc explain ads.dlc poor#1",
        "dlc build ads.dlc -o out",
        "dlc run ads.dlc --input AdServer.click=clicks.ndjson",
      ]),
    );

  program
    .command("check")
    .summary("parse, resolve, type, analyse and plan; report what was found")
    .description("Checks programs without running them: files, folders (every .dlc below) and globs.")
    .argument("<files...>", "programs, folders or globs")
    .addOption(new Option("--format <form>", "form of the report").choices([...formNames]).default("pretty"))
    .addOption(strategyOption())
    .addOption(planOption())
    .addOption(profileOption())
    .addOption(dynamicOption())
    .option("--max-warnings <n>", "exit with 1 when there are more warnings", whole)
    .option("--locked", "fail when the plan differs from the coordination.json beside the program")
    .option("--lock", "write that coordination.json")
    .option("--budget <limits>", "most insertions of a mechanism, as in order=0,seal=2", readBudget)
    .option("--fix", "apply the fixes of findings that have exactly one")
    .option("--unsafe-fixes", "as --fix, also those after which the program may compute something else")
    .option("--watch", "report again on every change, until Ctrl-C")
    .option("--no-cache", "neither read nor write the cache of matched statements")
    .addHelpText(
      "after",
      examples([
        "dlc check ads.dlc",
        "dlc check src 'more/**/*.dlc' --max-warnings 0",
        "dlc check ads.dlc --format json",
        "dlc check ads.dlc --locked --budget order=0",
        "dlc check . --format sarif > dlc.sarif",
        "dlc check . --fix",
        "dlc check . --watch",
      ]),
    )
    .action(async (files: string[], { watch, ...options }: CheckOptions & { readonly watch?: boolean }) => {
      const { checkCommand } = watch
        ? { checkCommand: (await import("./watch.ts")).watchCommand }
        : await import("./check.ts");
      finish(await checkCommand(files, options, io));
    });

  program
    .command("build")
    .summary("emit the node processes")
    .description(
      "Emits a folder that runs by itself: a module per role, main, the runtime, deploy.json and coordination.json.",
    )
    .argument("<file>", "the program")
    .requiredOption("-o, --out <folder>", "where to put it; an earlier build there is replaced")
    .addOption(
      new Option(
        "--target <what>",
        "with the files for containers: a compose.yaml, or Kubernetes' StatefulSets",
      ).choices(["compose", "k8s"]),
    )
    .option(
      "--port-base <port>",
      "first of consecutive ports in deploy.json, 7201 when left out: two programs on one machine need others",
      whole,
    )
    .option(
      "--transport <url>",
      "the NATS cluster that the deployment is to be on: nats://host:4222,…; with --target, nats is one of its own; ?channels=durable lets messages outlive their senders",
    )
    .addOption(strategyOption())
    .addOption(planOption())
    .addOption(profileOption())
    .addOption(dynamicOption())
    .addHelpText(
      "after",
      examples([
        "dlc build ads.dlc -o out",
        "node out/main.js Report --index 0 --deploy out/deploy.json",
        "dlc build ads.dlc -o out --target compose && docker compose -f out/compose.yaml up --build",
      ]),
    )
    .action(async (file: string, options: Planning & Deployed & { readonly out: string }) => {
      const { buildCommand } = await import("./build.ts");
      finish(await buildCommand(file, options, io));
    });

  program
    .command("run")
    .summary("build into a cache and run all instances on this machine")
    .description(
      "Runs every instance of a program as a process of its own. Events come from --input or from stdin, outputs go to stdout,\n" +
        "one JSON object per line. Ends when all inputs have ended and nothing is in flight.",
    )
    .argument("<file>", "the program, or a folder that dlc build made")
    .addOption(strategyOption())
    .addOption(planOption())
    .addOption(dynamicOption())
    .option("--profile <file.json>", "write how much came where, for dlc check --profile")
    .option(
      "--trace <file>",
      "write what every instance did: .svg (a space-time diagram) or .json (Perfetto, chrome://tracing)",
    )
    .option(
      "--otlp <url|file.jsonl>",
      "give away what every instance does as spans of OpenTelemetry, to a collector or into a file",
    )
    .option("--sample <share>", "with --otlp: record so many of the traces, as 1% (default: all)")
    .option(
      "-i, --input <Role.collection=file>",
      "rows for an input (.ndjson, .csv); Role[2].… for instance 2, Role[*].… to deal the lines out",
      collect,
      [],
    )
    .option("--stdin", "read events from stdin although there are input files")
    .option("--keep", "keep running when all inputs have ended")
    .option("--scale <Role=n>", "another number of instances", collect, [])
    .option("--delay <time>", "hold every message for so long: 5ms, or 0ms..50ms")
    .option("--loss <share>", "lose so many of the messages on lossy channels: 50%")
    .option("--epoch <time>", "how long an epoch of a barrier is: 20ms")
    .option("--seed <n>", "seed of what is random in the run", whole)
    .option(
      "--metrics <port>",
      "serve metrics and health of each process over HTTP, from that port on; 0 for free ones",
      whole,
    )
    .option(
      "--transport <url>",
      "a NATS cluster in place of TCP: nats://127.0.0.1:4222,…; ?channels=durable lets messages outlive their senders",
    )
    .option("--port-base <port>", "first of consecutive ports; any free ones when left out", whole)
    .option(
      "--kill <Role#i@when>",
      "kill that instance after so many rows (Role#1@500) or so long (Role#1@200ms)",
      collect,
      [],
    )
    .option(
      "--join <Role@when>",
      "one more instance of a role that is dynamic joins so long after the start: Report@500ms",
      collect,
      [],
    )
    .option(
      "--leave <Role#i@when>",
      "that instance of a role that is dynamic leaves so long after the start: Report#1@900ms",
      collect,
      [],
    )
    .option("--restart <time>", "start a process that was killed again, so long after: 200ms")
    .option(
      "--chaos",
      "let go wrong what can, from --seed: delays, cut connections, processes that stand still, and kill -9 with a restart",
    )
    .option(
      "--data <folder>",
      "keep there what has happened, so that a run that ended or was killed goes on where it was",
    )
    .option("--quiet", "no progress on stderr")
    .option("--json", "the summary as one line of JSON on stderr")
    .addHelpText(
      "after",
      examples([
        "dlc run ads.dlc --input 'AdServer[*].click=clicks.ndjson' --input Analyst.ask=asks.ndjson",
        'dlc run ads.dlc < events.ndjson     each line {"role":…,"node":0,"collection":…,"row":{…}}, or "seal":{…} for "row"',
        "dlc run ads.dlc --strategy none --delay 0ms..50ms --seed 7",
      ]),
    )
    .action(async (file: string, options: LaunchOptions & Pick<Planning, "strategy" | "plan" | "dynamic">) => {
      const [{ runCommand }, { buildInto }] = await Promise.all([import("./run.ts"), import("./build.ts")]);
      // What is about to be measured is not read.
      const { strategy, plan, dynamic } = options;
      const building = { strategy, plan, dynamic, ...(options.profile !== undefined && { profile: null }) };
      finish(await runCommand(file, { ...options, build: (path, folder) => buildInto(path, folder, building, io) }));
    });

  program
    .command("status")
    .summary("what the processes of a deployment are doing")
    .description(
      "Asks every process of a deployment what it does: what it has taken, sent and put out, what waits there, and for whose\n" +
        "seal. Exits with 1 when one of them does not answer or does not take part.",
    )
    .argument("[deployment]", "deploy.json, or a folder that dlc build made", ".")
    .option("--json", "all that they say, as JSON")
    .option("--timeout <ms>", "how long a process may take to answer", whole, 2000)
    .addHelpText("after", examples(["dlc status out", "dlc status production.json --json"]))
    .action(async (path: string, options: StatusOptions) => {
      const { statusCommand } = await import("./status.ts");
      finish(await statusCommand(path, options, io));
    });

  program
    .command("gone")
    .summary("declare that an instance of a running deployment will not come back")
    .description(
      "Tells every process of a deployment that one instance is gone for good: what still waits for its seal fails, with an error\n" +
        "for each partition, and the rest goes on. An instance that lives, or may come back and seal, is not gone. Exits with 1\n" +
        "when it lives, or when a process could not be told.",
    )
    .argument("<deployment>", "deploy.json, or a folder that dlc build made")
    .argument("<instance>", "as AdServer#1")
    .option("--timeout <ms>", "how long a process may take to answer", whole, 2000)
    .addHelpText("after", examples(["dlc gone out AdServer#1", "dlc gone production.json AdServer#1 --timeout 10000"]))
    .action(async (path: string, instance: string, options: GoneOptions) => {
      const { goneCommand } = await import("./gone.ts");
      finish(await goneCommand(path, instance, options, io));
    });

  program
    .command("explain")
    .summary("why a rule is order-sensitive and what was inserted; or what a code means")
    .description("Explains a program, one of its rules or outputs, or a code of a diagnostic.")
    .argument("<subject>", "a program, or a code such as DLC301")
    .argument("[part]", "a rule (poor#1) or an output (Analyst.result)")
    .addOption(strategyOption())
    .addOption(planOption())
    .addOption(profileOption())
    .addOption(dynamicOption())
    .option("--witness", "look for two runs of the same small input that contradict each other")
    .option("-o, --out <file.svg>", "with --witness: the two runs as a space-time diagram")
    .option("--tries <n>", "with --witness: how many small inputs are tried (default: 60)", some)
    .addHelpText(
      "after",
      examples([
        "dlc explain ads.dlc",
        "dlc explain ads.dlc poor#1",
        "dlc explain ads.dlc Analyst.result",
        "dlc explain ads.dlc poor#1 --witness -o poor.svg",
        "dlc explain DLC301",
      ]),
    )
    .action(
      async (
        subject: string,
        part: string | undefined,
        options: Planning & { witness?: boolean; out?: string; tries?: number },
      ) => {
        const { explainCommand } = await import("./explain.ts");
        finish(await explainCommand(subject, part, options, io));
      },
    );

  program
    .command("graph")
    .summary("the coordinated program as a picture")
    .description(
      "Draws roles, messages, rules that depend on order, and the seals and logs that were put in front of them.\n" +
        "The ending of the file says the form: .svg, .html (a page), .dot (Graphviz) or .mmd (Mermaid). Without one: .dot, on stdout.",
    )
    .argument("<file>", "a program")
    .addOption(strategyOption())
    .addOption(planOption())
    .addOption(profileOption())
    .option("-o, --out <file>", "where to write it")
    .addOption(
      new Option("--detail <what>", "all rules and collections, or one box a role (default: what is readable)").choices(
        ["rules", "roles"],
      ),
    )
    .addHelpText(
      "after",
      examples([
        "dlc graph ads.dlc -o ads.svg",
        "dlc graph ads.dlc -o ads.html",
        "dlc graph ads.dlc | dot -Tpdf -o ads.pdf",
      ]),
    )
    .action(async (file: string, options: Planning & { out?: string; detail?: "rules" | "roles" }) => {
      const { graphCommand } = await import("./graph.ts");
      finish(await graphCommand(file, options, io));
    });

  program
    .command("verify")
    .summary("run the program in the simulator, under schedules that try to break its promises")
    .description(
      "Runs the coordinated program in the simulator: small inputs, or your own, under messages that are delayed, reordered,\n" +
        "batched, repeated and (on lossy channels) lost, and instances that die. Exits with 1 when two runs or two replicas contradict a promise.",
    )
    .argument("<file>", "the program")
    .addOption(strategyOption())
    .addOption(planOption())
    .addOption(profileOption())
    .option("--events <file>", "inputs of your own, one line of JSON each, as dlc run reads them from stdin")
    .option("--tries <n>", "how many small inputs are tried (default: 40)", some)
    .option("--seed <n>", "start at this one: a counterexample names the one that finds it at once", whole)
    .option("-o, --out <file.svg>", "a counterexample as a space-time diagram")
    .addHelpText(
      "after",
      examples([
        "dlc verify ads.dlc",
        "dlc verify ads.dlc --events events.ndjson",
        "dlc verify ads.dlc --strategy none -o race.svg",
      ]),
    )
    .action(async (file: string, options: VerifyOptions) => {
      const { verifyCommand } = await import("./verify.ts");
      finish(await verifyCommand(file, options, io));
    });

  program
    .command("fmt")
    .summary("write programs in the one style")
    .description(
      "Formats programs: files, folders (every .dlc below) and globs. Prints the names of those that it changed.",
    )
    .argument("[files...]", "programs, folders or globs")
    .option("--check", "write nothing; list what is not in the style, and exit with 1 when there is something")
    .option("--stdin", "format what comes on stdin to stdout")
    .addHelpText("after", examples(["dlc fmt .", "dlc fmt --check src 'more/**/*.dlc'", "dlc fmt --stdin < ads.dlc"]))
    .action(async (files: string[], options: FmtOptions) => {
      const { fmtCommand } = await import("./fmt.ts");
      finish(await fmtCommand(files, options, io));
    });

  program
    .command("lsp")
    .summary("the language server, for editors")
    .description("Speaks the language server protocol on stdin and stdout. Editors start it; docs/editors.md says how.")
    .option("--stdio", "on stdin and stdout, as always; editors say it")
    .option("--clientProcessId <pid>", "end with this process; editors say it")
    .addHelpText("after", examples(["dlc lsp     in the settings of an editor"]))
    .action(async () => {
      const { lspCommand } = await import("./lsp.ts");
      finish(await lspCommand());
    });

  program
    .command("init")
    .summary("a new project that checks, tests and runs at once")
    .description(
      "Writes a small project: a program, data, a test, settings, scripts of npm and a workflow. It overwrites nothing.",
    )
    .argument("[folder]", "where; it need not exist", ".")
    .addHelpText("after", examples(["dlc init shop", "dlc init"]))
    .action(async (folder: string) => {
      const { initCommand } = await import("./init.ts");
      finish(await initCommand(folder, io));
    });

  program
    .command("completion")
    .summary("a script that completes commands and options in a shell")
    .description("Prints a script for a shell, which completes commands, options, their values and programs.")
    .addArgument(new Argument("<shell>", "the shell").choices([...shells]))
    .addHelpText(
      "after",
      examples([
        'eval "$(dlc completion bash)"     in ~/.bashrc',
        'eval "$(dlc completion zsh)"      in ~/.zshrc, behind compinit',
        "dlc completion fish | source      in ~/.config/fish/config.fish",
      ]),
    )
    .action(async (shell: Shell) => {
      const { completionScript } = await import("./completion.ts");
      io.out(completionScript(program, shell));
      finish(0);
    });

  for (const command of program.commands)
    command.copyInheritedSettings(program).showHelpAfterError(`(dlc ${command.name()} --help shows how it is used)`);
  // Not the one of the library, which says nothing of a command that does not exist.
  program
    .command("help")
    .summary("print help for a command")
    .argument("[command]")
    .helpOption(false)
    .action((name: string | undefined) => {
      const names = program.commands.map((command) => command.name());
      const command = name === undefined ? program : program.commands.find((one) => one.name() === name);
      if (command === undefined) throw new WrongUse(`there is no command ${name}; there are ${names.join(", ")}`);
      command.outputHelp();
      finish(0);
    });
  return program;
}

function dynamicOption(): Option {
  return new Option(
    "--dynamic <roles>",
    "roles whose instances may join while the program runs, as in Report,Index",
  ).argParser((text) => text.split(",").map((role) => role.trim()));
}

function strategyOption(): Option {
  return new Option("--strategy <name>", "force one mechanism, to compare").choices([...strategies]);
}

function planOption(): Option {
  return new Option("--plan <which>", "another plan than the best, as dlc explain lists them").choices([...planNames]);
}

function profileOption(): Option {
  return new Option("--profile <file.json>", "choose by what dlc run --profile has measured");
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function whole(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("It must be a whole number, 0 or more.");
  return Number(text);
}

function some(text: string): number {
  if (!/^\d*[1-9]\d*$/.test(text)) throw new InvalidArgumentError("It must be a whole number, 1 or more.");
  return Number(text);
}

function examples(lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}\n`).join("")}`;
}

function explainFailure(error: unknown, io: Io): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof WrongUse) {
    io.err(`dlc: ${error.message}\n`);
    return 2;
  }
  if (error instanceof Error && error.name === "TooManyRows") {
    io.err(`dlc: the program cannot be run to its end: ${error.message}\n`);
    return 1;
  }
  const { message, stack } = error instanceof Error ? error : { message: String(error), stack: undefined };
  io.err(
    `dlc: sorry, this is a fault of dlc and not of your program: ${message}\n` +
      `Please report it with this message, dlc ${version()}, Node ${process.version} and the program that shows it.\n` +
      (io.env["DLC_DEBUG"] ? `${stack ?? ""}\n` : "DLC_DEBUG=1 prints where it happened.\n"),
  );
  return 2;
}
