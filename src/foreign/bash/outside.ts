/** What a script is given by whoever starts it. */
export interface Outside {
  /** Variables that hold whatever the script assigns, as those on the command line of make do. */
  readonly set: ReadonlyMap<string, string>;
  /** Arguments of the script. */
  readonly args: readonly string[];
  /** A variable of the environment; undefined: it has none of that name, or is not asked. */
  environment(name: string): string | undefined;
  /** The text of another file in the same folder; null: there is none. */
  beside(name: string): string | null;
}

export const NOTHING: Outside = {
  set: new Map(),
  args: [],
  environment: () => undefined,
  beside: () => null,
};
