export interface LaunchFile {
  /** Relative to the output folder; never leaves it. */
  readonly path: string;
  readonly content: string;
  readonly executable?: boolean;
}

/** What a launch file may say about where it comes from. */
export interface RenderContext {
  /** One line, for a comment: `shardwright 0.1.0, plan.json#1`. */
  readonly origin: string;
  /** Model and cluster as they were named: how the plan can be estimated again. */
  readonly inputs: { readonly model: string; readonly cluster: string };
}
