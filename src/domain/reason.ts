/**
 * Why a configuration cannot be run. Infeasible is a value, never an exception.
 * `rule` is a stable kebab-case name (`heads-divisible-by-tp`, `memory`); `actual` and `limit` are for people.
 */
export interface Reason {
  readonly rule: string;
  readonly actual: string;
  readonly limit: string;
  /** What would make it pass, starting with "Maybe", when we can guess. */
  readonly hint?: string;
}
