import type { Reason } from '../../domain/reason.ts';
import type { Rejection } from '../../domain/search-result.ts';

/** Counts rejections by rule, keeping the first configuration of each as its example. */
export class Tally {
  private readonly byRule = new Map<string, { count: number; configuration: string; reason: Reason }>();

  private sum = 0;

  add(reason: Reason, configuration: () => string, count = 1): void {
    this.sum += count;
    const known = this.byRule.get(reason.rule);
    if (known === undefined) this.byRule.set(reason.rule, { count, configuration: configuration(), reason });
    else known.count += count;
  }

  total(): number {
    return this.sum;
  }

  /** Most frequent first; ties by name. */
  list(): Rejection[] {
    return [...this.byRule]
      .map(([rule, { count, configuration, reason }]) => ({
        rule,
        count,
        example: { configuration, reason },
      }))
      .sort((a, b) => b.count - a.count || (a.rule < b.rule ? -1 : 1));
  }
}
