/** Every order of all nodes that keeps each group's nodes in the group's places; the first is the given one. */
export function* permutationsWithin(groups: readonly (readonly number[])[]): Iterable<number[]> {
  const [first, ...rest] = groups;
  if (first === undefined) {
    yield [];
    return;
  }
  for (const head of permutations(first)) {
    for (const tail of permutationsWithin(rest)) yield [...head, ...tail];
  }
}

function* permutations(items: readonly number[]): Iterable<number[]> {
  if (items.length <= 1) {
    yield [...items];
    return;
  }
  for (const [i, item] of items.entries()) {
    for (const rest of permutations([...items.slice(0, i), ...items.slice(i + 1)])) yield [item, ...rest];
  }
}
