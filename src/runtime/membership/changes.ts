/**
 * Changes of the members of a deployment, and what is said about them.
 *
 * The registry puts the changes in one order; after the n-th an instance is in view n. What it sends says its view, and a
 * receiver that is not there yet lets it wait. So nobody hears of an address before the instance that has it is known to him.
 */
import type { Place } from "../deployment.ts";
import type { LogEntry } from "../followed-log.ts";

export interface Change {
  /** The view that begins with it: 1, 2, ... */
  readonly view: number;
  /** `sponsor`: a newcomer that has not got its state is to get it from another. `gone`: an operator has declared it so. */
  readonly kind: "join" | "sponsor" | "leave" | "gone";
  readonly address: string;
  /** Where a newcomer is found. */
  readonly place: Pick<Place, "host" | "port"> | null;
  /** The replica that hands its state to the newcomer; null: it begins with nothing. */
  readonly sponsor: string | null;
  /** The roles that send to that of the newcomer: whose instances mark from where on they send to it. */
  readonly senders: readonly string[];
}

/** What a member says to the registry, without further words. */
export const WORDS = ["changes", "waits", "sponsor", "leave"] as const;
/** `changes`: it has just started, and asks for those there have been. The others are a newcomer's, but for `leave`. */
export type Word = (typeof WORDS)[number];

export type MembershipPart =
  /** Of what view the sender was; first in an envelope, from view 1 on. */
  | { readonly kind: "view"; readonly view: number }
  /** To the registry: a newcomer, and where it is found. */
  | { readonly kind: "join"; readonly host: string; readonly port: number }
  | { readonly kind: "word"; readonly word: Word }
  /** From the registry. */
  | { readonly kind: "change"; readonly change: Change }
  | { readonly kind: "refused"; readonly why: string }
  /** To the sponsor: what the sender numbers from here on goes to the newcomer of that view too. */
  | { readonly kind: "mark"; readonly view: number }
  /**
   * From a newcomer: it has the whole state of that view; and from the registry: it may take it, no other sponsor has been named. To one
   * that has asked for the changes: there are no more than so many.
   */
  | { readonly kind: "whole"; readonly view: number }
  /** From the sponsor: its state as of that view, cut into `of` pieces of base64. */
  | {
      readonly kind: "snapshot";
      readonly view: number;
      readonly index: number;
      readonly of: number;
      readonly data: string;
    };

const KINDS: ReadonlySet<string> = new Set<MembershipPart["kind"]>([
  "view",
  "join",
  "word",
  "change",
  "refused",
  "mark",
  "whole",
  "snapshot",
]);

export function isMembership(part: { readonly kind: string }): part is MembershipPart {
  return KINDS.has(part.kind);
}

/** The view in which an envelope was sent. */
export function viewOf(parts: readonly { readonly kind: string }[]): number {
  const [first] = parts as readonly MembershipPart[];
  return first?.kind === "view" ? first.view : 0;
}

/** The last view in which anything of an entry of a log was sent. */
export function viewOfEntry(entry: LogEntry): number {
  return entry.kind === "appended" ? Math.max(0, ...entry.envelopes.map(({ parts }) => viewOf(parts))) : 0;
}
