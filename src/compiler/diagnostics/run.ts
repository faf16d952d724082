import type { CodePage } from "./codes.ts";

export const runCodes = {
  DLC901: {
    severity: "error",
    title: "no such input or channel",
    why: "A row or a seal was given for a collection that the role does not have, or that does not take rows from there: a host writes inputs, other roles write channels.",
    example: 'dlc run ads.dlc --input AdServer.clik=clicks.ndjson',
    mend: "Name an input of the role; the message lists them. From another process: both ends must be built from the same program.",
  },
  DLC902: {
    severity: "error",
    title: "a row that does not fit its columns",
    why: "Every row that enters an instance, from its host, a file or the network, is checked against the declared types. A row that does not fit is refused and reported; everything else goes on. For a seal it counts as arrived.",
    example: '{"role":"AdServer","node":0,"collection":"click","row":{"campaign":"shoes","id":7,"user":"u1"}}\n// column id: string expected, number 7 found',
    mend: "Correct the row or the declaration. Bytes are base64 strings; NaN, Infinity and -Infinity are strings where a float is expected; an int is a whole number within ±9007199254740991, a nat is not negative.",
  },
  DLC903: {
    severity: "error",
    title: "a row after the end of its input",
    why: "The host has ended this input. Whatever waited for its end may have been answered already, so nothing more is taken.",
    example: "node.end.click();\nnode.input.click({ campaign: \"shoes\", id: \"7\", user: \"u1\" });",
    mend: "End an input after its last row.",
  },
  DLC904: {
    severity: "error",
    title: "a row of a sealed partition",
    why: "`sealed by` promises that after the seal of a value no more rows with that value come. This one did. It is refused, because answers that stand on the seal may have been given; it never changes them. At a channel, the sender's seal counted fewer rows than came.",
    example: "node.seal.click({ campaign: \"shoes\" });\nnode.input.click({ campaign: \"shoes\", id: \"7\", user: \"u1\" });",
    mend: "Seal a value after its last row. If values can come again, seal by a column that does not (a day, a batch number), or leave `sealed` out and let the compiler order the rule.",
  },
  DLC905: {
    severity: "error",
    title: "a message of a partition that its sender has sealed",
    why: "A `seal` rule, or a seal that travelled, closed this value for the sender, and a rule of the same instance derived one more message with it. The message was not sent: receivers have, or will have, answered without it.",
    example: "Report.click(c, i, u) <~ click(c, i, u);\nseal Report.click(campaign: c) <~ over(c);   // over(\"shoes\") came before the last click",
    mend: "Derive the seal from inputs that the host gives after the last row, or from collections closed for that value; or declare `sealed by` on the input and leave the `seal` rule out: seals travel by themselves.",
  },
  DLC906: {
    severity: "error",
    title: "a message from or for somebody else",
    why: "A message named a sender that the deployment does not have, or another receiver than the instance that it reached. It was dropped.",
    example: "// deploy.json of one process names 2 instances of AdServer, that of another 5",
    mend: "Start all processes with the same deployment.",
  },
  DLC907: {
    severity: "error",
    title: "a message to an address that does not exist",
    why: "A rule computed an address with `@a` that is no instance of the role it sends to.",
    example: "Analyst.answer@a(c) <~ request(a, c);   // a request came with the address \"Report#7\"",
    mend: "Send `self`, or addresses from `R.nodes`, of the role that is to be answered.",
  },
  DLC908: {
    severity: "error",
    title: "rows or a seal from a role that is not a producer",
    why: "Every instance of every role with a rule that sends to a sealed channel is a producer of it: its seal is waited for. Rows from anyone else could not be counted, so they are refused.",
    example: "// a process built from an older version of the program still runs",
    mend: "Build and start all processes from the same program.",
  },
  DLC909: {
    severity: "error",
    title: "an event that went past its log",
    why: "A collection that the plan orders takes events only from the sequencer's log, in which every replica finds them in the same order; and the log takes only entries of its own collections.",
    example: "// a process that was built with --strategy none sends to one that was built with --strategy order",
    mend: "Build and start all processes from the same program with the same strategy.",
  },
  DLC910: {
    severity: "error",
    title: "a seal that could not be passed on",
    why: "A seal travels through a rule by an imported function, and the function threw. The value stays open at the receiver until everything is sealed.",
    example: "function ticker(company: string): string from \"./ref.ts\" injective;   // throws for an unknown company",
    mend: "Let the function return a value for every argument.",
  },
} as const satisfies Record<string, CodePage>;
