import { InputError } from '../../domain/input-error.ts';
import { MOST_LAYERS } from '../../domain/model.ts';
import { slipOf } from '../../units/nearest.ts';
import { isMapping } from '../document.ts';

type Values = Readonly<Record<string, unknown>>;

/** What else a family calls a key: `{ hidden_size: 'n_embd' }`. */
export type Names = Readonly<Record<string, string>>;

/** Names of one thing: transformers writes a config under either (`attribute_map` of its classes, 5.18.0). */
const ALSO: Readonly<Record<string, readonly string[]>> = {
  num_experts: ['num_local_experts', 'n_routed_experts'],
  num_local_experts: ['num_experts', 'n_routed_experts'],
  n_routed_experts: ['num_local_experts', 'num_experts'],
  moe_num_experts: ['num_experts', 'num_local_experts'],
  num_experts_per_tok: ['num_experts_per_token', 'moe_top_k', 'moe_topk', 'moe_k'],
  moe_topk: ['num_experts_per_tok'],
  moe_k: ['num_experts_per_tok'],
  num_nextn_predict_layers: ['num_mtp_layers'],
  layer_types: ['layers_block_type'],
};

const MOST: Readonly<Record<string, number>> = { num_hidden_layers: MOST_LAYERS };

/** Typed access to a config.json; a missing or odd value is an InputError that names key and value. */
export class Fields {
  readonly values: Values;
  readonly file: string;
  private readonly names: Names;

  constructor(values: Values, file: string, names: Names = {}) {
    this.values = values;
    this.file = file;
    this.names = names;
  }

  /** The same, where a family has other names for some keys. */
  called(names: Names): Fields {
    return new Fields(this.values, this.file, { ...this.names, ...names });
  }

  /** The same, where some keys have other values, by their common names. */
  with(values: Values): Fields {
    const kept = Object.entries(this.values).filter(
      ([key]) => !Object.keys(values).some((one) => this.nameOf(one) === key),
    );
    return new Fields({ ...Object.fromEntries(kept), ...values }, this.file, this.names);
  }

  /** The same, with what its classes take where a key is left out. */
  usual(values: Values): Fields {
    const left = Object.entries(values).filter(([key]) => this.values[this.nameOf(key)] === undefined);
    return new Fields({ ...this.values, ...Object.fromEntries(left) }, this.file, this.names);
  }

  /** The fields of a mapping inside it; none where it is left out. */
  inside(key: string, names: Names = {}): Fields {
    const value = this.valueOf(key) ?? {};
    if (!isMapping(value)) throw this.odd(key, value, 'a mapping');
    return new Fields(value, this.file, names);
  }

  has(key: string): boolean {
    const value = this.valueOf(key);
    return value !== undefined && value !== null;
  }

  /** Also as null, which takes back what is usual. */
  says(key: string): boolean {
    return this.valueOf(key) !== undefined;
  }

  /** A whole number above zero. Without `fallback` the key is required. */
  count(key: string, fallback?: number): number {
    return this.whole(key, 1, fallback);
  }

  /** A whole number, zero allowed. */
  countOrZero(key: string, fallback = 0): number {
    return this.whole(key, 0, fallback);
  }

  flag(key: string, fallback: boolean): boolean {
    const value = this.valueOf(key);
    if (value === undefined || value === null) return fallback;
    if (typeof value === 'boolean') return value;
    throw this.odd(key, value, 'true or false');
  }

  list(key: string): readonly unknown[] | null {
    const value = this.valueOf(key);
    if (value === undefined || value === null) return null;
    if (Array.isArray(value)) return value;
    throw this.odd(key, value, 'a list');
  }

  valueOf(key: string): unknown {
    return this.values[this.nameOf(key)];
  }

  odd(key: string, value: unknown, expected: string): InputError {
    return new InputError({
      message: `${this.nameOf(key)} is ${JSON.stringify(value)}`,
      expected,
      at: { file: this.file },
    });
  }

  /** As the config has it: by the family's own name, unless only the common one is there. */
  private nameOf(key: string): string {
    const own = this.names[key] ?? key;
    const there = (one: string) => this.values[one] !== undefined;
    return [own, key, ...(ALSO[key] ?? [])].find(there) ?? own;
  }

  private whole(key: string, least: number, fallback?: number): number {
    const value = this.valueOf(key);
    if (value === undefined || value === null) {
      if (fallback !== undefined) return fallback;
      const near = slipOf(this.nameOf(key), Object.keys(this.values));
      throw new InputError({
        message: `missing key "${this.nameOf(key)}"`,
        expected: 'a whole number',
        ...(near === undefined ? {} : { hint: `Maybe "${near}" is meant.` }),
        at: { file: this.file },
      });
    }
    const most = MOST[key] ?? 1e9;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most)
      throw this.odd(key, value, `a whole number from ${least} to ${most}`);
    return value;
  }
}
