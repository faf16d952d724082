import type {
  AggregateDecl,
  Claim,
  CollectionDecl,
  CollectionKind,
  ColumnDecl,
  FunctionDecl,
  LatticeDecl,
  LevelWord,
  Modifier,
  Name,
  TypeExpr,
} from "../ast.ts";
import { nearNames } from "../diagnostics/near.ts";
import type { Cst } from "./cst.ts";
import { eachListed, pathOf } from "./expressions.ts";
import { textValue } from "./literals.ts";
import { nameAt, report, spanAt, textAt, type Site } from "./site.ts";

export const levels: readonly LevelWord[] = ["deterministic", "agreed", "eventual", "any"];
const flags = ["lossy", "durable", "unique", "shared", "serializable"] as const;
export const modifierWords = ["sealed", "single", "within", "every", "rate", "strict", ...levels, ...flags];
export const claims: readonly Claim[] = [
  "injective",
  "monotone",
  "morphism",
  "commutative",
  "associative",
  "idempotent",
];

/** The node `names`: `(a, b)`. */
export function namesOf(site: Site, node: Cst, at: number): Name[] {
  const all = [nameAt(site, node.children[2], at + node.childOffsets[2])];
  const more = node.children[6];
  for (let i = 0; i < more.children.length; i++) all.push(nameAt(site, more.children[i], at + more.childOffsets[i]));
  return all;
}

/** The node `by`: `by (a, b)`. */
export function byOf(site: Site, node: Cst, at: number): Name[] {
  return namesOf(site, node.children[3], at + node.childOffsets[3]);
}

/** The node `type`. */
function typeOf(site: Site, node: Cst, at: number): TypeExpr {
  const inner = node.children[0];
  const span = spanAt(site, at, node.matchLength);
  if (inner.ruleName === "tupleType") {
    const args = typesOf(site, inner.children[2], at + inner.childOffsets[2]);
    if (args.length === 1) {
      report(site, "DLC101", span, "A tuple type has two parts or more, as in `(int, string)`.", {
        mend: "For a single value write its type without brackets.",
      });
    }
    return { name: "tuple", args, span };
  }
  const [name, , , , types] = inner.children;
  const args = types.children.length === 0 ? [] : typesOf(site, types.children[0], at + types.childOffsets[0]);
  return { name: pathOf(site, name, at).text, args, span };
}

export function typesOf(site: Site, node: Cst, at: number): TypeExpr[] {
  const all: TypeExpr[] = [];
  eachListed(node, at, 4, (item, start) => all.push(typeOf(site, item, start)));
  return all;
}

/** The node `columns`: columns in order, and how many stand before `->` (null without one). */
function columnsOf(site: Site, node: Cst, at: number): { columns: ColumnDecl[]; keyLength: number | null } {
  const columns: ColumnDecl[] = [];
  const add = (lists: Cst): void => {
    for (let i = 0; i < lists.children.length; i++) {
      eachListed(lists.children[i], at + lists.childOffsets[i], 4, (column, start) => {
        const name = nameAt(site, column.children[0], start);
        columns.push({ name, type: typeOf(site, column.children[4], start + column.childOffsets[4]) });
      });
    }
  };
  add(node.children[2]);
  const keyLength = node.children[4].children.length === 0 ? null : columns.length;
  add(node.children[6]);
  return { columns, keyLength };
}

/** Milliseconds of the node `duration`; reports an unknown or missing unit and takes it as seconds. */
function durationOf(site: Site, node: Cst, at: number): number {
  const text = textAt(site, at, node.matchLength);
  const span = spanAt(site, at, node.matchLength);
  const [, amount, unit] = /^([0-9.]+)(.*)$/.exec(text) as RegExpExecArray;
  const factors: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
  if (factors[unit] === undefined) {
    report(
      site,
      "DLC111",
      span,
      unit === "" ? `\`${text}\` has no unit of time.` : `\`${unit}\` is not a unit of time.`,
      {
        mend: "Write milliseconds, seconds, minutes or hours: `500ms`, `60s`, `5m`, `1h`.",
      },
    );
  }
  const period = Number(amount) * (factors[unit] ?? 1_000);
  if (!(period > 0) || !Number.isSafeInteger(period)) {
    report(site, "DLC111", span, `\`${text}\` is not a whole number of milliseconds above zero.`, {
      mend: "The shortest duration is `1ms`.",
    });
    return 1;
  }
  return period;
}

/** Facts a second of the node `duration`, which has no unit; null when that cannot be read. */
function rateOf(site: Site, node: Cst, at: number): number | null {
  const text = textAt(site, at, node.matchLength);
  const perSecond = Number(text);
  if (perSecond > 0) return perSecond;
  report(site, "DLC111", spanAt(site, at, node.matchLength), `\`${text}\` is no rate.`, {
    mend: "Write a number above zero, without a unit: facts a second at each instance, as in `rate 500` or `rate 0.2`.",
  });
  return null;
}

/** `table t(x: int) durable`, `timer t every 500ms`, `in send(x: int)`. */
export function collectionOf(
  site: Site,
  node: Cst,
  word: CollectionKind | "in" | "out",
  doc: string | null,
  end: number,
): CollectionDecl {
  const direction = word === "in" || word === "out" ? word : null;
  const kind = word === "in" || word === "out" ? "scratch" : word;
  const [, , nameNode, , columnNodes, , modifierNodes] = node.children;
  const name = nameAt(site, nameNode, node.childOffsets[2]);
  const span = { start: site.base, end };
  if (kind === "timer") {
    const periodMs = periodOf(site, modifierNodes, name);
    if (columnNodes.children.length > 0) {
      const columns = spanAt(site, columnNodes.childOffsets[0], columnNodes.children[0].matchLength);
      report(site, "DLC101", columns, "A timer has no columns.", {
        mend: `Write \`timer ${name.text} every 500ms;\`.`,
      });
    }
    return {
      kind: "collection",
      collection: kind,
      direction,
      name,
      columns: [],
      keyLength: null,
      modifiers: [],
      periodMs,
      doc,
      span,
    };
  }
  if (columnNodes.children.length === 0) {
    report(site, "DLC101", name.span, `The columns of \`${name.text}\` are missing.`, {
      mend: `Write them in brackets after the name: \`${word} ${name.text}(x: int);\`.`,
    });
  }
  const { columns, keyLength } =
    columnNodes.children.length === 0
      ? { columns: [], keyLength: null }
      : columnsOf(site, columnNodes.children[0], columnNodes.childOffsets[0]);
  const modifiers = modifiersOf(site, modifierNodes);
  return {
    kind: "collection",
    collection: kind,
    direction,
    name,
    columns,
    keyLength,
    modifiers,
    periodMs: null,
    doc,
    span,
  };
}

function periodOf(site: Site, modifierNodes: Cst, name: Name): number {
  const [every, duration, extra] = modifierNodes.children.map((node) => node.children[0]);
  const at = modifierNodes.childOffsets;
  const everyWritten = every !== undefined && textAt(site, at[0], every.matchLength) === "every";
  if (!everyWritten || duration?.ruleName !== "duration") {
    report(site, "DLC111", name.span, `How often \`${name.text}\` fires is missing.`, {
      mend: `Write a duration after \`every\`: \`timer ${name.text} every 500ms;\`.`,
    });
    return 1_000;
  }
  if (extra !== undefined) {
    report(site, "DLC109", spanAt(site, at[2], extra.matchLength), "A timer takes nothing after its duration.");
  }
  return durationOf(site, duration, at[1]);
}

/** Modifiers as words in any order; `single`, `within 30s` and `every 10s` belong to `sealed`, `strict` to the level. */
function modifiersOf(site: Site, nodes: Cst): Modifier[] {
  const modifiers: Modifier[] = [];
  const seen = new Set<string>();
  let single: Name | null = null;
  let strict: Name | null = null;
  let deadline: { ms: number; word: Name } | null = null;
  let every: { ms: number; word: Name } | null = null;

  for (let i = 0; i < nodes.children.length; i++) {
    const node = nodes.children[i].children[0];
    const at = nodes.childOffsets[i];
    const span = spanAt(site, at, node.matchLength);
    if (node.ruleName === "duration") {
      report(site, "DLC109", span, "A duration stands only after `within` and `every`.");
      continue;
    }
    const by = node.children[1];
    const text = textAt(site, at, node.children[0].matchLength);
    const word = { text, span: spanAt(site, at, text.length) };
    if (modifierWords.includes(text) && seen.has(text)) {
      report(site, "DLC109", word.span, `\`${text}\` is written twice.`);
    }
    seen.add(text);
    if (by.children.length > 0 && text !== "sealed") {
      const clause = spanAt(site, at + by.childOffsets[0], by.children[0].matchLength);
      report(site, "DLC109", clause, `\`by (…)\` belongs to \`sealed\`, not to \`${text}\`.`);
    }
    if (text === "sealed") {
      const names = by.children.length === 0 ? null : byOf(site, by.children[0], at + by.childOffsets[0]);
      modifiers.push({ kind: "sealed", by: names, single: false, deadlineMs: null, everyMs: null, span });
    } else if (text === "single") {
      single = word;
    } else if (text === "strict") {
      strict = word;
    } else if (text === "within" || text === "every") {
      const next = nodes.children[i + 1]?.children[0];
      if (next?.ruleName === "duration") {
        const time = { ms: durationOf(site, next, nodes.childOffsets[i + 1]), word };
        if (text === "within") deadline = time;
        else every = time;
        i++;
      } else {
        report(site, "DLC111", word.span, `A duration is expected after \`${text}\`, as in \`${text} 30s\`.`);
      }
    } else if (text === "rate") {
      const next = nodes.children[i + 1]?.children[0];
      if (next?.ruleName === "duration") {
        const perSecond = rateOf(site, next, nodes.childOffsets[i + 1]);
        if (perSecond !== null) modifiers.push({ kind: "rate", perSecond, span: word.span });
        i++;
      } else {
        report(site, "DLC111", word.span, "A number is expected after `rate`: facts a second, as in `rate 500`.");
      }
    } else if ((levels as readonly string[]).includes(text)) {
      modifiers.push({ kind: "level", level: text as LevelWord, strict: false, span });
    } else if ((flags as readonly string[]).includes(text)) {
      modifiers.push({ kind: text as (typeof flags)[number], span });
    } else if (text === "by") {
      report(site, "DLC109", word.span, "The columns after `by` stand in brackets: `sealed by (k)`.");
      i++;
    } else {
      reportUnknown(site, word, modifierWords, "a modifier of a collection", "DLC109");
    }
  }

  const end = (word: Name | null, of: string, to: string): void => {
    if (word === null) return;
    report(site, "DLC109", word.span, `\`${word.text}\` says how ${of}, and there is no \`${to}\` here.`);
  };
  if (!modifiers.some((modifier) => modifier.kind === "sealed")) {
    end(single, "a seal is given", "sealed");
    end(deadline?.word ?? null, "long a seal is awaited", "sealed");
    end(every?.word ?? null, "often a partition ends", "sealed");
  }
  if (!modifiers.some((modifier) => modifier.kind === "level")) {
    end(strict, "a promise is kept", "deterministic");
  }
  return modifiers.map((modifier): Modifier => {
    if (modifier.kind === "sealed")
      return { ...modifier, single: single !== null, deadlineMs: deadline?.ms ?? null, everyMs: every?.ms ?? null };
    if (modifier.kind === "level") return { ...modifier, strict: strict !== null };
    return modifier;
  });
}

/** Reports a word that is none of `known`, with the nearest of them as the mend. */
export function reportUnknown(
  site: Site,
  word: Name,
  known: readonly string[],
  what: string,
  code: "DLC108" | "DLC109" | "DLC114",
): void {
  const near = nearNames(word.text, known)[0] ?? null;
  report(
    site,
    code,
    word.span,
    `\`${word.text}\` is not ${what}.`,
    near === null
      ? { mend: `There are ${known.map((item) => `\`${item}\``).join(", ")}.` }
      : {
          mend: `Did you mean \`${near}\`?`,
          fix: { title: `Change it to \`${near}\``, span: word.span, text: near },
        },
  );
}

/** `function f(x: int): string from "./f.ts" injective`, and the same with `aggregate`. */
export function functionOf(
  site: Site,
  node: Cst,
  kind: "function" | "aggregate",
  doc: string | null,
  end: number,
): FunctionDecl | AggregateDecl {
  const at = node.childOffsets;
  const name = nameAt(site, node.children[2], at[2]);
  const { columns, keyLength } = columnsOf(site, node.children[4], at[4]);
  if (keyLength !== null) {
    report(
      site,
      "DLC101",
      spanAt(site, at[4], node.children[4].matchLength),
      "Parameters have no `->`: keys belong to collections.",
      {
        mend: "Separate the parameters with commas; the result's type follows the bracket, after `:`.",
      },
    );
  }
  const written: Claim[] = [];
  const words = node.children[14];
  for (let i = 0; i < words.children.length; i++) {
    const span = spanAt(site, words.childOffsets[i], words.children[i].matchLength);
    const text = textAt(site, words.childOffsets[i], words.children[i].matchLength);
    if (!(claims as readonly string[]).includes(text))
      reportUnknown(site, { text, span }, claims, "a claim about a function", "DLC109");
    else if (written.includes(text as Claim)) report(site, "DLC109", span, `\`${text}\` is written twice.`);
    else written.push(text as Claim);
  }
  const returns = typeOf(site, node.children[8], at[8]);
  const from = textValue(site, at[12], node.children[12].matchLength);
  return { kind, name, params: columns, returns, from, claims: written, doc, span: { start: site.base, end } };
}

/** `lattice Ballot from "./ballot.ts"`. */
export function latticeOf(site: Site, node: Cst, doc: string | null, end: number): LatticeDecl {
  const name = nameAt(site, node.children[2], node.childOffsets[2]);
  const from = textValue(site, node.childOffsets[6], node.children[6].matchLength);
  return { kind: "lattice", name, from, doc, span: { start: site.base, end } };
}
