/** The state of a replica on its way to a newcomer, in pieces. */
import { Buffer } from "node:buffer";
import { State } from "../state.ts";
import type { MembershipPart } from "./changes.ts";
import { bytesOf, valuesOf } from "./state-bytes.ts";

type Piece = Extract<MembershipPart, { kind: "snapshot" }>;

/** A state is sent in pieces of so many bytes. */
const PIECE_BYTES = 512 * 1024;

/** `view`: of which it is. In each life of who sends them they are the same: some may have come from an earlier one. */
export function piecesOf(state: State, view: number, pieceBytes = PIECE_BYTES): readonly Piece[] {
  const bytes = bytesOf(state.values);
  const of = Math.ceil(bytes.length / pieceBytes);
  return Array.from({ length: of }, (_, index) => {
    const data = bytes.subarray(index * pieceBytes, (index + 1) * pieceBytes).toString("base64");
    return { kind: "snapshot", view, index, of, data };
  });
}

/** What has come of states. */
export class ComingStates {
  /** By view and sponsor. */
  readonly #pieces = new Map<string, (string | undefined)[]>();

  add(from: string, { view, index, of, data }: Piece): void {
    const id = `${view} ${from}`;
    let pieces = this.#pieces.get(id);
    if (pieces === undefined) this.#pieces.set(id, (pieces = Array.from<undefined>({ length: of })));
    pieces[index] = data;
  }

  isWhole(view: number, from: string): boolean {
    return this.#pieces.get(`${view} ${from}`)?.includes(undefined) === false;
  }

  /** null: it is in no form known here. No other is needed any more. */
  take(view: number, from: string): State | null {
    const pieces = this.#pieces.get(`${view} ${from}`) as string[];
    this.#pieces.clear();
    try {
      const values = valuesOf(Buffer.concat(pieces.map((piece) => Buffer.from(piece, "base64"))));
      return Array.isArray(values) ? new State(values) : null;
    } catch {
      return null;
    }
  }

  persist(state: State): void {
    state.map(this.#pieces);
  }
}
