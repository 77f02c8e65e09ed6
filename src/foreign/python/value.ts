/** What an expression is worth without running the program. */
export type Value = Plain | readonly Value[] | DictionaryValue | Named | Field | Made | Unreadable;

export type Plain = number | string | boolean | null;

interface DictionaryValue {
  readonly kind: 'dictionary';
  readonly entries: ReadonlyMap<Plain, Value>;
}

/** A name that the text gives no value: imported, built in, of a function, a parameter. */
interface Named {
  readonly kind: 'named';
  /** As its module calls it. */
  readonly name: string;
  /** null: it was not imported by `from`. */
  readonly module: string | null;
}

/** A field of what has no value here: `config.parallelism`. */
interface Field {
  readonly kind: 'field';
  readonly of: Named | Field | Made;
  readonly name: string;
}

/** What a call gives. */
export interface Made {
  readonly kind: 'made';
  readonly by: Value;
  readonly args: readonly Value[];
  readonly keywords: ReadonlyMap<string, Value>;
  /** It has arguments beside these: `*more`, `**more`. */
  readonly open: boolean;
  /** The call as it is written. */
  readonly text: string;
  readonly line: number;
}

/** What only Python would work out. */
interface Unreadable {
  readonly kind: 'unreadable';
  readonly text: string;
  readonly line: number;
}

/** The values of names. */
export type Scope = ReadonlyMap<string, Value>;

/** A value of one of the kinds with a name, not a plain one or a list. */
export function isKind<K extends 'dictionary' | 'named' | 'field' | 'made' | 'unreadable'>(
  value: Value | undefined,
  ...kinds: readonly K[]
): value is Extract<Value, { readonly kind: K }> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'kind' in value &&
    (kinds as readonly string[]).includes(value.kind)
  );
}
