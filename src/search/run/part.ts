/** What is left of an entry of the queue, to be opened later. */
export interface Part {
  /** Its number in the queue. */
  readonly entry: number;
  /** None of its configurations that are left has a smaller value. */
  readonly bound: number;
  /** Whether some of it was opened before. */
  readonly opened: boolean;
  /** Configurations. */
  readonly count: number;
}

/** What opening a part left for later. */
export type Rest = Omit<Part, 'entry'>;

/** Parts either to be bounded more sharply, or to be opened. */
export interface Batch {
  readonly task: 'refine' | 'open';
  readonly parts: readonly Part[];
  /** Opened as far as configurations with bounds below this go … */
  readonly upto: number;
  /** … and further, until so many plans of each are costed. */
  readonly plans: number;
}
