/** A pattern of bash with `*`, `?` and `[…]` as the source of a regular expression; `some`: what `*` stands for. */
export function patternSource(pattern: string, some = '[^]*'): string {
  return pattern.replaceAll(/\[!?[^\]]+\]|[.+^${}()|[\]\\*?]/g, (found) => {
    if (found.length > 1) return found.replace(/^\[!/, '[^');
    return { '*': some, '?': '[^]' }[found] ?? `\\${found}`;
  });
}

/** Whether a text is as a pattern says. */
export function matches(value: string, pattern: string): boolean {
  return new RegExp(`^${patternSource(pattern)}$`).test(value);
}
