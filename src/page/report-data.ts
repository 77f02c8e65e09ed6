/** What the charts of a report are drawn from. Numbers are in the unit that stands beside them; text is plain text. */
export type ChartData = TimelineData | StackedData | WaterfallData | ScatterData | WhiskerData;

/** Passes of each row against time. */
export interface TimelineData {
  readonly kind: 'timeline';
  readonly rows: readonly TimelineRowData[];
  readonly ending: readonly { readonly name: string; readonly from: number; readonly to: number }[];
  readonly passKinds: readonly string[];
  readonly milliseconds: number;
}

interface TimelineRowData {
  readonly name: string;
  /**
   * In order: index of the kind, micro-batch, chunk, milliseconds waited since the last one's end (less than nothing: it shares its
   * slot) and taken.
   */
  readonly passes: readonly (readonly [number, number, number, number, number])[];
  /** Row of the sender, micro-batch, 0 forward or 1 backward, when it was sent and milliseconds on the way. */
  readonly transfers: readonly (readonly [number, number, 0 | 1, number, number])[];
  /** Milliseconds and GiB from then on. */
  readonly memory: readonly (readonly [number, number])[];
}

/** Bars of parts, one upon another, each bar against a limit of its own. */
export interface StackedData {
  readonly kind: 'stacked';
  readonly unit: string;
  readonly bars: readonly { readonly name: string; readonly limit: number }[];
  readonly parts: readonly { readonly name: string; readonly values: readonly number[] }[];
}

/** Parts that add up to a whole. */
export interface WaterfallData {
  readonly kind: 'waterfall';
  readonly unit: string;
  readonly parts: readonly {
    readonly name: string;
    readonly group: string;
    readonly value: number;
    readonly text: string;
  }[];
  readonly whole: { readonly name: string; readonly text: string };
}

/** Points, each with a name; those of one series are joined where it is a front. */
export interface ScatterData {
  readonly kind: 'scatter';
  readonly x: string;
  readonly y: string;
  readonly series: readonly {
    readonly name: string;
    readonly front: boolean;
    readonly points: readonly { readonly name: string; readonly x: number; readonly y: number }[];
  }[];
}

/** Bars with how sure each is. */
export interface WhiskerData {
  readonly kind: 'whiskers';
  readonly unit: string;
  readonly bars: readonly {
    readonly name: string;
    readonly value: number;
    readonly low: number;
    readonly high: number;
    readonly text: string;
  }[];
}
