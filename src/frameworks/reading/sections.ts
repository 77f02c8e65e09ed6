type Sections = Readonly<Record<string, unknown>>;

/** Sections inside one another; of what is no section in both the second. */
export function laidOver(first: Sections, second: Sections): Record<string, unknown> {
  const inner = Object.entries(second).map(([key, one]) => {
    const before = first[key];
    return [key, isSection(one) && isSection(before) ? laidOver(before, one) : one];
  });
  return { ...first, ...Object.fromEntries(inner) };
}

function isSection(one: unknown): one is Sections {
  return typeof one === 'object' && one !== null && !Array.isArray(one);
}
