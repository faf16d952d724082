/** What is said about members, as fields of a JSON array, the kind first. */
import { WORDS } from "./changes.ts";
import type { Change, MembershipPart } from "./changes.ts";

export function fieldsOf(part: MembershipPart): readonly unknown[] {
  switch (part.kind) {
    case "view":
    case "mark":
    case "whole":
      return [part.kind, part.view];
    case "join":
      return [part.kind, part.host, part.port];
    case "word":
      return [part.kind, part.word];
    case "refused":
      return [part.kind, part.why];
    case "change": {
      const { view, kind, address, place, sponsor, senders } = part.change;
      return [part.kind, view, kind, address, place?.host ?? null, place?.port ?? null, sponsor, ...senders];
    }
    case "snapshot":
      return [part.kind, part.view, part.index, part.of, part.data];
  }
}

const CHANGES: readonly Change["kind"][] = ["join", "sponsor", "leave", "gone"];
/** More pieces than any state has: a number that is taken as a length. */
const MOST_PIECES = 1_000_000;

/** null: it has no known form. */
export function membershipOf([kind, ...fields]: readonly unknown[]): MembershipPart | null {
  const [a, b, c, d, e, f, ...rest] = fields;
  switch (kind) {
    case "view":
    case "mark":
    case "whole":
      return isCount(a) ? { kind, view: a } : null;
    case "join":
      return typeof a === "string" && isPort(b) ? { kind, host: a, port: b } : null;
    case "word": {
      const word = WORDS.find((known) => known === a);
      return word === undefined ? null : { kind, word };
    }
    case "refused":
      return typeof a === "string" ? { kind, why: a } : null;
    case "change": {
      const change = CHANGES.find((known) => known === b);
      if (!isCount(a) || change === undefined || typeof c !== "string") return null;
      if (change === "leave" || change === "gone")
        return { kind, change: { view: a, kind: change, address: c, place: null, sponsor: null, senders: [] } };
      if (
        typeof d !== "string" ||
        !isPort(e) ||
        (f !== null && typeof f !== "string") ||
        !rest.every((role) => typeof role === "string")
      )
        return null;
      return {
        kind,
        change: { view: a, kind: change, address: c, place: { host: d, port: e }, sponsor: f, senders: rest },
      };
    }
    case "snapshot":
      if (!isCount(a) || !isCount(b) || !isCount(c) || b >= c || c > MOST_PIECES || typeof d !== "string") return null;
      return { kind, view: a, index: b, of: c, data: d };
    default:
      return null;
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isPort(value: unknown): value is number {
  return isCount(value) && value <= 65535;
}
