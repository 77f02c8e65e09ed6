/** A value that covers only the first layers of each stage. Fewer layers are never slower. */
export interface Limit<V> {
  /** How many; null: all. */
  of(value: V): number | null;
  /** The same for the first n; null: this value has no such form. */
  with(value: V, layers: number): V | null;
  /** The same for all. */
  without(value: V): V;
}
