/** An object that a literal under `K` tells from its likes. */
export interface Variant<K extends string> {
  readonly type: 'object';
  readonly required: readonly string[];
  readonly properties: { readonly [key in K]: { readonly const: string } };
}

/**
 * One of several objects, by the literal that each has under `key`: a union in TypeScript, and errors only of the variant
 * that the value names. The list may come from a registry; two variants of one name are refused when it is compiled.
 */
export function variants<const K extends string, const V extends Variant<K>>(key: K, all: readonly V[]) {
  return {
    type: 'object',
    required: [key],
    discriminator: { propertyName: key },
    // However long the list: each is one of V.
    oneOf: all as unknown as readonly [V],
  } as const;
}
