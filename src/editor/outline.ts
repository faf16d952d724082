/** What a file declares, as a tree. */
import type { Member, PathDecl, Span } from "../compiler/ast.ts";
import type { EditedFile } from "./edited-file.ts";

export type OutlineKind =
  | "role"
  | "module"
  | "import"
  | "function"
  | "aggregate"
  | "lattice"
  | "source"
  | "component"
  | "path"
  | "connect"
  | "copy"
  | "input"
  | "output"
  | "channel"
  | "table"
  | "scratch"
  | "timer"
  | "in"
  | "out"
  | "rule"
  | "seal";

export interface OutlineEntry {
  readonly name: string;
  readonly kind: OutlineKind;
  /** Behind the name: columns, a body. */
  readonly detail: string;
  readonly span: Span;
  readonly nameSpan: Span;
  readonly children: readonly OutlineEntry[];
}

export function outlineOf({ file, read }: EditedFile): readonly OutlineEntry[] {
  const text = ({ start, end }: Span): string => file.text.slice(start, end).replace(/\s+/g, " ");
  const member = (one: Member | PathDecl, ordinals: Map<string, number>): OutlineEntry => {
    const { span } = one;
    switch (one.kind) {
      case "collection": {
        const columns = one.columns.map(({ name, type }) => `${name.text}: ${text(type.span)}`).join(", ");
        const kind = one.direction ?? one.collection;
        return {
          name: one.name.text,
          kind,
          detail: kind === "timer" ? "" : `(${columns})`,
          span,
          nameSpan: one.name.span,
          children: [],
        };
      }
      case "path":
        return {
          name: `${one.from.text} -> ${one.to.text}`,
          kind: "path",
          detail: one.word,
          span,
          nameSpan: one.from.span,
          children: [],
        };
      case "use":
        return {
          name: one.name.text,
          kind: "copy",
          detail: one.module.text,
          span,
          nameSpan: one.name.span,
          children: [],
        };
      case "seal":
        return {
          name: `seal ${text(one.target.span)}`,
          kind: "seal",
          detail: "",
          span,
          nameSpan: one.target.span,
          children: [],
        };
      case "rule": {
        const head = text(one.head.ref.span);
        const ordinal = (ordinals.get(head) ?? 0) + 1;
        ordinals.set(head, ordinal);
        const body = one.body.map((literal) => text(literal.span)).join(", ");
        return {
          name: `${head}#${ordinal}`,
          kind: "rule",
          detail: `${one.op ?? ""} ${body}`.trim(),
          span,
          nameSpan: one.head.ref.span,
          children: [],
        };
      }
    }
  };
  return read.ast.items.map((item): OutlineEntry => {
    const { span } = item;
    if (item.kind === "connect") {
      const ends = `${text(item.from.span)} -> ${text(item.to.span)}`;
      return { name: ends, kind: "connect", detail: "", span, nameSpan: item.from.span, children: [] };
    }
    const named = { name: item.name.text, span, nameSpan: item.name.span };
    switch (item.kind) {
      case "source": {
        const columns = item.columns.map(({ name, type }) => `${name.text}: ${text(type.span)}`).join(", ");
        return { ...named, kind: "source", detail: `(${columns})`, children: [] };
      }
      case "role":
      case "component":
      case "module": {
        const ordinals = new Map<string, number>();
        return { ...named, kind: item.kind, detail: "", children: item.members.map((one) => member(one, ordinals)) };
      }
      case "import":
        return { ...named, kind: "import", detail: item.from.value, children: [] };
      case "use":
        return { ...named, kind: "copy", detail: item.module.text, children: [] };
      case "function":
      case "aggregate":
      case "lattice":
        return { ...named, kind: item.kind, detail: item.from, children: [] };
    }
  });
}
