import { InputError } from '../../domain/input-error.ts';

/** Typed access to a config.json; a missing or odd value is an InputError that names key and value. */
export class Fields {
  readonly values: Readonly<Record<string, unknown>>;
  readonly file: string;

  constructor(values: Readonly<Record<string, unknown>>, file: string) {
    this.values = values;
    this.file = file;
  }

  has(key: string): boolean {
    return this.values[key] !== undefined && this.values[key] !== null;
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
    const value = this.values[key];
    if (value === undefined || value === null) return fallback;
    if (typeof value === 'boolean') return value;
    throw this.odd(key, value, 'true or false');
  }

  list(key: string): readonly unknown[] | null {
    const value = this.values[key];
    if (value === undefined || value === null) return null;
    if (Array.isArray(value)) return value;
    throw this.odd(key, value, 'a list');
  }

  odd(key: string, value: unknown, expected: string): InputError {
    return new InputError({
      message: `${key} is ${JSON.stringify(value)}`,
      expected,
      at: { file: this.file },
    });
  }

  private whole(key: string, least: number, fallback?: number): number {
    const value = this.values[key];
    if (value === undefined || value === null) {
      if (fallback !== undefined) return fallback;
      throw new InputError({
        message: `missing key "${key}"`,
        expected: 'a whole number',
        at: { file: this.file },
      });
    }
    if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > 1e9) {
      throw this.odd(key, value, `a whole number from ${least}`);
    }
    return value;
  }
}
