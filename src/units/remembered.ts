/** The value of a key, worked out the first time; a map that has `most` values forgets them all before it takes one more. */
export function remembered<K, V>(
  known: Map<K, V>,
  key: K,
  work: () => V,
  most = Number.POSITIVE_INFINITY,
): V {
  const before = known.get(key);
  if (before !== undefined) return before;
  const fresh = work();
  if (known.size >= most) known.clear();
  known.set(key, fresh);
  return fresh;
}

/** The same for what follows from an object, as long as somebody holds it. */
export function rememberedOf<K extends WeakKey, V>(known: WeakMap<K, V>, of: K, work: () => V): V {
  const before = known.get(of);
  if (before !== undefined) return before;
  const fresh = work();
  known.set(of, fresh);
  return fresh;
}
