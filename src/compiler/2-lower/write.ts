/** Which merge may write which collection, and where a message goes. */
import type { CollectionKind, Head, MergeOp, Span } from "../ast.ts";
import type { Collection } from "../ir.ts";
import { latticeColumns } from "../../lattices/index.ts";
import { alternatives, quote } from "./findings.ts";
import type { More } from "./findings.ts";
import type { Place, RoleScope } from "./scope.ts";

const mergesOf: Readonly<Record<CollectionKind | "nodes", readonly MergeOp[]>> = {
  input: [],
  output: ["<="],
  channel: ["<~"],
  table: ["<=", "<+", "<-", "<+-"],
  scratch: ["<=", "<+"],
  timer: [],
  nodes: [],
};

const writerOf: Readonly<Partial<Record<Collection["kind"], string>>> = {
  input: "an input is written by the host program",
  timer: "a timer is written by the clock",
  nodes: "the addresses of a role come from the deployment",
};

/** `op` null: a fact. */
export function checkWrite(place: Place, head: Head, op: MergeOp | null, collection: Collection): void {
  const {
    file,
    role: { role },
    scope: { findings },
  } = place;
  const cause = {
    file: collection.file,
    span: collection.nameSpan,
    label: `${quote(collection.name)} is ${article(collection.kind)}`,
  };
  const allowed = mergesOf[collection.kind];
  const merge = op ?? "<=";
  const said = op === null ? "a fact" : quote(op);
  const at = opSpan(place, head, op);

  if (allowed.length === 0) {
    findings.add(
      "DLC220",
      file,
      head.ref.span,
      `no rule can write ${quote(collection.name)}: ${writerOf[collection.kind] ?? ""}`,
      {
        cause,
        mend:
          collection.kind === "input"
            ? "Derive into a table or a scratch, or declare it a channel and send to it."
            : "Derive into a table or a scratch of this role.",
      },
    );
  } else if (collection.role !== role.name && merge !== "<~") {
    findings.add("DLC221", file, head.ref.span, `${said} cannot write ${quote(collection.id)} in another role`, {
      cause,
      ...(collection.kind === "channel"
        ? replaceOp(place, at, "<~", "Send it as a message.")
        : {
            mend: `Send a message with ${quote("<~")} to a channel of role ${collection.role}; let a rule there write ${quote(collection.name)}.`,
          }),
    });
  } else if (!allowed.includes(merge)) {
    const channels = [...(roleOf(place, collection)?.collections.values() ?? [])]
      .filter((one) => one.kind === "channel")
      .map((one) => quote(one.id));
    findings.add("DLC220", file, at ?? head.ref.span, `${said} does not write ${article(collection.kind)}`, {
      cause,
      ...(collection.kind === "channel"
        ? replaceOp(place, at, "<~", "Messages are sent with `<~`.")
        : merge === "<~"
          ? {
              mend:
                collection.role === role.name
                  ? `Within the own role write ${alternatives(allowed.map(quote))}.`
                  : `Messages go to channels: ${channels.length === 0 ? `role ${collection.role} has none` : alternatives(channels)}.`,
            }
          : {
              mend: `Write ${alternatives(allowed.map(quote))}${collection.kind === "output" || collection.kind === "scratch" ? ", or make it a table" : ""}.`,
            }),
    });
  } else if (merge === "<+-" && collection.keyLength === null && latticeColumns(collection.columns).length === 0) {
    findings.add(
      "DLC223",
      file,
      at ?? head.ref.span,
      `${quote("<+-")} replaces the row with the same key, and ${quote(collection.name)} declares no key`,
      {
        cause,
        mend: `Separate key and values with ${quote("->")}: ${quote(keyed(collection))}.`,
      },
    );
  }
  checkAddress(place, head, merge, collection);
}

function checkAddress(place: Place, head: Head, merge: MergeOp, collection: Collection): void {
  const {
    file,
    scope: { findings },
  } = place;
  if (head.at !== null && merge !== "<~") {
    const span = head.at === "all" ? head.span : head.at.span;
    findings.add(
      "DLC225",
      file,
      span,
      `an address belongs to ${quote("<~")}: ${quote(merge)} writes only this instance`,
      {
        mend: "Leave the address out, or send to a channel.",
      },
    );
    return;
  }
  const target = roleOf(place, collection)?.role;
  if (merge !== "<~" || head.at !== null || collection.kind !== "channel" || target === undefined) return;
  if (target.replicated || target.partitionedBy !== null || target.count <= 1) return;
  const written = file.text.slice(head.ref.span.start, head.ref.span.end);
  findings.add(
    "DLC224",
    file,
    head.ref.span,
    `role ${target.name} has ${target.count} independent instances, so this message needs an address`,
    {
      cause: { file: target.file, span: target.nameSpan, label: "neither replicated nor partitioned" },
      mend: `Write ${quote(`${written}@a(...)`)} with ${place.role.role === target ? "`self` or " : ""}a variable of type addr, or ${quote(`${written}@*(...)`)} for all of them.`,
      fixes: [
        {
          title: "Send to every instance",
          edits: [{ file, span: { start: head.ref.span.end, end: head.ref.span.end }, text: "@*" }],
        },
      ],
    },
  );
}

/** A role parameter of a module that is checked alone is no role of the program. */
function roleOf({ scope }: Place, { role }: Collection): RoleScope | undefined {
  return scope.roles.get(role) ?? scope.names.get(role);
}

function keyed({ name, columns }: Collection): string {
  const list = columns.map((column) => column.name);
  return `${name}(${list.slice(0, 1).join("")} -> ${list.slice(1).join(", ")})`;
}

export function article(kind: Collection["kind"]): string {
  return kind === "nodes" ? "the list of a role's instances" : `${/^[io]/.test(kind) ? "an" : "a"} ${kind}`;
}

/** Where the merge stands: after the head, over blanks and comments. */
function opSpan(place: Place, head: Head, op: MergeOp | null): Span | null {
  if (op === null) return null;
  const gap = /^(?:\s|\/\/[^\n]*\n|\/\*[\s\S]*?\*\/)*/.exec(place.file.text.slice(head.span.end))?.[0].length ?? 0;
  const start = head.span.end + gap;
  return place.file.text.startsWith(op, start) ? { start, end: start + op.length } : null;
}

function replaceOp(place: Place, at: Span | null, op: MergeOp, mend: string): More {
  if (at === null) return { mend };
  return { mend, fixes: [{ title: `Write ${quote(op)}`, edits: [{ file: place.file, span: at, text: op }] }] };
}
