/**
 * Built-in aggregates and functions. To add one: a line in `aggregates.ts`, or in
 * `functions.ts` with its run half of the same name in `functions.run.ts`.
 */
import type { AggregateName, Type } from "../compiler/ir.ts";
import { builtinAggregates } from "./aggregates.ts";
import { builtinFunctions } from "./functions.ts";

/** A type in a signature: one of the language, or a type variable that stands for any. */
export type SignatureType =
  | Exclude<Type, { kind: "list" | "tuple" | "unknown" }>
  | { readonly kind: "list"; readonly of: SignatureType }
  | { readonly kind: "any"; readonly name: string };

export interface Signature {
  readonly params: readonly SignatureType[];
  readonly returns: SignatureType;
}

/** Pure and deterministic. The run half, of the same name in `functions.run.ts`, takes decoded values. */
export interface BuiltinFunction {
  readonly name: string;
  /** Tried in order; the first that takes the arguments is meant. */
  readonly signatures: readonly Signature[];
  /** Different arguments give different results (functions of one argument only). */
  readonly injective: boolean;
  /** Throws on some arguments; that derivation then fails, and no other. */
  readonly partial: boolean;
  readonly doc: string;
}

export interface BuiltinAggregate {
  readonly name: AggregateName;
  /** What its arguments are called; their number is fixed. */
  readonly params: readonly string[];
  /** Whether `distinct` may stand before the argument, and then has one. */
  readonly distinct: boolean;
  /** Of the argument types; a string says what is wrong with them. */
  readonly returns: (args: readonly Type[]) => Type | string;
  readonly doc: string;
}

export const aggregates: ReadonlyMap<string, BuiltinAggregate> = new Map(
  builtinAggregates.map((one) => [one.name, one]),
);
export const functions: ReadonlyMap<string, BuiltinFunction> = new Map(builtinFunctions.map((one) => [one.name, one]));
