import type { CodePage } from "./codes.ts";

const page = (title: string, why: string, example: string, mend: string): CodePage =>
  ({ severity: "error", title, why, example, mend });

export const syntaxCodes = {
  DLC101: page("Text that cannot be read", "", "", ""),
  DLC102: page("A missing semicolon", "", "", ""),
  DLC103: page("An unclosed string or comment", "", "", ""),
  DLC104: page("A reserved word as a name", "", "", ""),
  DLC105: page("Braces of roles that do not match", "", "", ""),
  DLC106: page("A statement in the wrong place", "", "", ""),
  DLC107: page("A wrong merge operator", "", "", ""),
  DLC108: page("An unknown kind of declaration", "", "", ""),
  DLC109: page("A modifier that does not fit", "", "", ""),
  DLC110: page("An expression in the wrong place", "", "", ""),
  DLC111: page("A bad duration", "", "", ""),
  DLC112: page("A number out of range", "", "", ""),
  DLC113: page("A bad escape in a string", "", "", ""),
  DLC114: page("A bad annotation", "", "", ""),
  DLC115: page("A part of the language that is not here yet", "", "", ""),
  DLC116: page("A head without columns", "", "", ""),
  DLC117: page("A bad seal rule", "", "", ""),
} as const satisfies Record<string, CodePage>;
