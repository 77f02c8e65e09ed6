/** Values by two whole numbers, those of rows dense; it forgets all of them before it takes one more than `most`. */
export class Table<V> {
  private readonly most: number;
  private rows: (Map<number, V> | undefined)[] = [];
  private size = 0;

  constructor(most = Number.POSITIVE_INFINITY) {
    this.most = most;
  }

  /** The value, worked out the first time. */
  at(row: number, column: number, work: () => V): V {
    const before = this.rows[row]?.get(column);
    if (before !== undefined) return before;
    const fresh = work();
    if (this.size >= this.most) {
      this.rows = [];
      this.size = 0;
    }
    const known = this.rows[row];
    if (known === undefined) this.rows[row] = new Map([[column, fresh]]);
    else known.set(column, fresh);
    this.size += 1;
    return fresh;
  }
}
