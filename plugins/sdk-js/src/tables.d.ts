/** What a column holds; `?` says that it may be null. A timestamp is milliseconds since 1970. */
export type Kind = 'integer' | 'real' | 'text' | 'bytes' | 'boolean' | 'timestamp';
export type Columns = Record<string, Kind | `${Kind}?`>;
interface Held { integer: number; real: number; text: string; bytes: Uint8Array; boolean: boolean; timestamp: number }
type Cell<K> = K extends `${infer N extends Kind}?` ? Held[N] | null : K extends Kind ? Held[K] : never;
/** A row with its id. Integers beyond 2^53 come as `bigint`. */
export type Row<C extends Columns> = { id: number } & { [N in keyof C]: Cell<C[N]> };
type Nullable<C extends Columns> = { [N in keyof C]: C[N] extends `${string}?` ? N : never }[keyof C];
/** A row to be added: what may be null may be left out. */
export type NewRow<C extends Columns> = { [N in Exclude<keyof C, Nullable<C>>]: Cell<C[N]> } & { [N in Nullable<C>]?: Cell<C[N]> };

declare class Comparison { private readonly comparison: string }
declare class Group { private readonly kind: string }
/** Columns that have to be equal, or to compare as told: `{ shop: 'a', price: gt(5) }`; all of them. */
export type Where<C extends Columns = any> = { [N in keyof C | 'id']?: (N extends keyof C ? Cell<C[N]> : number) | Comparison } | Group;
export function ne(value: unknown): Comparison;
export function lt(value: unknown): Comparison;
export function le(value: unknown): Comparison;
export function gt(value: unknown): Comparison;
export function ge(value: unknown): Comparison;
export function contains(text: string): Comparison;
export function startsWith(text: string): Comparison;
export function oneOf(values: unknown[]): Comparison;
export function any(...parts: Where[]): Group;
export function all(...parts: Where[]): Group;
export function not(part: Where): Group;

/** Which rows, in which order; `-` before a column puts the largest first. */
export interface Options { columns?: string[]; orderBy?: string | string[]; limit?: number; offset?: number }

export interface Table<C extends Columns> {
  readonly name: string;
  get(id: number): Row<C> | undefined;
  find(where?: Where<C>, options?: Options): Row<C>[];
  first(where?: Where<C>, options?: Options): Row<C> | undefined;
  count(where?: Where<C>): number;
  sum(column: keyof C & string, where?: Where<C>): number;
  /** Adds a row and returns its id. */
  insert(row: NewRow<C>): number;
  update(id: number, changes: Partial<NewRow<C>>): void;
  /** Adds to an integer column and returns what it holds then. None is lost, however many turns do it at once. */
  increment(id: number, column: keyof C & string, by?: number): number;
  delete(id: number): boolean;
}
/** A table of the plugin's own, for the manifest and for use; or `plugin.table` of another one, to be read. */
export function table<const C extends Columns>(name: string, columns: C, keys?: { unique?: string[][]; indexes?: string[][] }): Table<C>;
