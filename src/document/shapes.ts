/** What documents are made of: pieces of JSON Schema, each typed as the literal it is. */
export const text = { type: 'string' } as const;
export const number = { type: 'number' } as const;
/** Of what there cannot be less than nothing: a time, a rate, a share. */
export const amount = { type: 'number', minimum: 0 } as const;
export const count = { type: 'integer', minimum: 0 } as const;
export const positive = { type: 'integer', minimum: 1 } as const;
/** A width, a number of heads, of tokens: what a file states of a thing that exists. */
export const size = { type: 'integer', minimum: 1, maximum: 1_000_000_000 } as const;
export const sizeOrNone = { ...size, minimum: 0 } as const;
export const flag = { type: 'boolean' } as const;
export const numberOrNull = { type: ['number', 'null'] } as const;
export const texts = { type: 'array', items: text } as const;

type Shapes = Readonly<Record<string, unknown>>;
type None = Readonly<Record<never, never>>;

/** An object that has these keys, may have those, and no others. */
export function closed<const R extends Shapes, const O extends Shapes = None>(required: R, optional?: O) {
  return {
    type: 'object',
    additionalProperties: false,
    required: Object.keys(required) as readonly (keyof R & string)[],
    properties: { ...required, ...(optional ?? {}) } as R & O,
  } as const;
}

export function list<const S>(items: S) {
  return { type: 'array', items } as const;
}

/** A list of at least one. */
export function some<const S>(items: S) {
  return { type: 'array', minItems: 1, items } as const;
}

/** Values of one shape under names that the schema does not know. */
export function named<const S>(values: S) {
  return { type: 'object', additionalProperties: values } as const;
}

/** The same shape under each key. */
export function each<const K extends string, const S>(keys: readonly K[], shape: S) {
  return Object.fromEntries(keys.map((key) => [key, shape])) as { readonly [key in K]: S };
}

// biome-ignore-start lint/suspicious/noThenProperty: JSON Schema's own keyword.
/** An object or null. Errors are those of the object. */
export function orNull<const S>(shape: S) {
  return { type: ['object', 'null'], if: { type: 'object' }, then: shape, else: { type: 'null' } } as const;
}

/** One of two objects, told apart by a key that only the first has. Errors are those of one. */
export function either<const K extends string, const A, const B>(key: K, having: A, lacking: B) {
  return { type: 'object', if: { required: [key] }, then: having, else: lacking } as const;
}
// biome-ignore-end lint/suspicious/noThenProperty: as above.
