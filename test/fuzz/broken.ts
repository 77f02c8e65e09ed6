import fc from 'fast-check';
import { isScalar, parseDocument, visit } from 'yaml';

/** What strangers, slips of the keyboard and other programs put where something else belongs. */
const HOSTILE: readonly unknown[] = [
  ...[-1, 0, -0, 1, 2, 3, 7, 0.5, 1.5, 65_536, 1_000_003, 440_000_000, 1e12, 2 ** 53, 1e308, 1e-320],
  ...[true, false, null, '', ' ', 'x', [], {}, [1], { a: 1 }],
  ...['-5 GB/s', '0 us', '0 GB', '1 B', '1e-320 B/s', '1e308 GB/s', '1e9 s', '100 EB', '1 TB', 'auto'],
  ...['\u001b[31mred\u0007', '\u202egnp.exe', 'a\nb', '../../etc/passwd', '$(id)', "'; rm -rf /; '"],
  ...['__proto__', 'constructor', 'toString', 'x'.repeat(5000), 'bf16', 'h100-sxm', 'nvlink4', 'ib-ndr400'],
];
const FACTORS = [1e-300, 1e-12, 1e-6, 1e-3, 0.1, 10, 1e3, 1e6, 1e12, 1e300] as const;
const KEYS = ['zzz', '__proto__', 'constructor', '\u001b[2J', ''] as const;

/** One place of a YAML file, and what is done to it. */
export interface Break {
  readonly spot: number;
  readonly how: 'value' | 'scaled' | 'gone' | 'renamed' | 'twice';
  readonly value: unknown;
  readonly factor: number;
  readonly key: string;
}

export const aBreak: fc.Arbitrary<Break> = fc.record({
  spot: fc.nat(),
  how: fc.constantFrom('value', 'value', 'scaled', 'scaled', 'gone', 'renamed', 'twice'),
  value: fc.constantFrom(...HOSTILE),
  factor: fc.constantFrom(...FACTORS),
  key: fc.constantFrom(...KEYS),
});

/** The text with one entry of a mapping or a list changed. */
export function broken(text: string, { spot, how, value, factor, key }: Break): string {
  const document = parseDocument(text);
  const places: (() => void)[] = [];
  visit(document, {
    Map(_, map) {
      for (const [i, pair] of map.items.entries())
        places.push(() => {
          if (how === 'gone') map.items.splice(i, 1);
          else if (how === 'renamed') pair.key = document.createNode(key);
          else if (how === 'twice') map.items.push(pair);
          else pair.value = document.createNode(changed(isScalar(pair.value) ? pair.value.value : null));
        });
    },
    Seq(_, list) {
      for (const i of list.items.keys())
        places.push(() => {
          const one = list.items[i];
          if (how === 'gone') list.items.splice(i, 1);
          else if (how === 'twice') list.items.push(one);
          else list.items[i] = document.createNode(changed(isScalar(one) ? one.value : null));
        });
    },
  });
  const changed = (old: unknown): unknown => {
    if (how !== 'scaled') return value;
    if (typeof old === 'number') return old * factor;
    const found = typeof old === 'string' ? /^([\d.]+)( ?[A-Za-z%].*)$/.exec(old) : null;
    return found === null ? value : `${Number(found[1]) * factor}${found[2]}`;
  };
  places[spot % places.length]?.();
  return document.toString();
}
