/**
 * What a configuration's text has that another has not, each key once: to be typed on top of the other. What is no longer said is
 * said as it is now by `usual`; null: it cannot be said on top.
 */
export function difference(
  before: string,
  after: string,
  usual: Readonly<Record<string, string>>,
): string | null {
  const [old, now] = [keysOf(before), keysOf(after)];
  const changed = [...now].filter(([key, value]) => old.get(key) !== value);
  const gone = [...old.keys()].filter((key) => !now.has(key));
  if (gone.some((key) => usual[key] === undefined)) return null;
  return [...changed, ...gone.map((key) => [key, usual[key]!] as const)]
    .map(([key, value]) => `${key}=${value}`)
    .join();
}

function keysOf(text: string): Map<string, string> {
  return new Map(
    text.split(',').map((token) => {
      const [key = '', ...value] = token.split('=');
      return [key, value.join('=')];
    }),
  );
}
