/** Items by their bounds, the least first; of equal ones the one that was added first, or that comes first by an order of their own. */
export class Heap<T extends { readonly bound: number }> {
  private readonly items: { readonly one: T; readonly order: number }[] = [];
  private readonly orderOf: (one: T, added: number) => number;
  private added = 0;

  constructor(orderOf: (one: T, added: number) => number = (_, added) => added) {
    this.orderOf = orderOf;
  }

  get size(): number {
    return this.items.length;
  }

  /** All of them, in no order. */
  get all(): readonly T[] {
    return this.items.map(({ one }) => one);
  }

  /** The least, left where it is. */
  get first(): T | undefined {
    return this.items[0]?.one;
  }

  add(one: T): void {
    const { items } = this;
    let at = items.length;
    items.push({ one, order: this.orderOf(one, this.added++) });
    for (let up = (at - 1) >> 1; at > 0 && this.before(at, up); up = (at - 1) >> 1) {
      this.swap(at, up);
      at = up;
    }
  }

  take(): T | undefined {
    const { items } = this;
    const first = items[0];
    const last = items.pop();
    if (first === undefined || items.length === 0) return first?.one;
    items[0] = last!;
    for (let at = 0; ; ) {
      let least = at;
      for (const down of [2 * at + 1, 2 * at + 2])
        if (down < items.length && this.before(down, least)) least = down;
      if (least === at) return first.one;
      this.swap(at, least);
      at = least;
    }
  }

  private before(a: number, b: number): boolean {
    const [x, y] = [this.items[a]!, this.items[b]!];
    return x.one.bound < y.one.bound || (x.one.bound === y.one.bound && x.order < y.order);
  }

  private swap(a: number, b: number): void {
    const one = this.items[a]!;
    this.items[a] = this.items[b]!;
    this.items[b] = one;
  }
}
