/** Units a quantity may be written in, by dimension: factor to SI. Bits and bytes are told apart by b and B. */
const BINARY = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40 };
const DECIMAL = { k: 1e3, K: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15 };

function units(base: string, scale: Readonly<Record<string, number>>, factor = 1): [string, number][] {
  return Object.entries(scale).map(([prefix, size]) => [`${prefix}${base}`, size * factor]);
}

const DIMENSIONS = {
  bytes: { factors: new Map([['B', 1], ...units('B', BINARY), ...units('B', DECIMAL)]), example: '80 GiB' },
  bandwidth: {
    factors: new Map([
      ['B/s', 1],
      ...units('B/s', BINARY),
      ...units('B/s', DECIMAL),
      ['b/s', 1 / 8],
      ...units('b/s', DECIMAL, 1 / 8),
      ...units('bps', DECIMAL, 1 / 8),
    ]),
    example: '400 Gb/s or 50 GB/s',
  },
  time: {
    factors: new Map([
      ['s', 1],
      ['ms', 1e-3],
      ['us', 1e-6],
      ['µs', 1e-6],
      ['ns', 1e-9],
    ]),
    example: '5 us',
  },
  duration: {
    factors: new Map([
      ['s', 1],
      ['min', 60],
      ['m', 60],
      ['h', 3600],
      ['d', 86_400],
      ['w', 604_800],
      ['y', 31_557_600],
    ]),
    example: '90 s or 3.1 h',
  },
  flops: {
    factors: new Map([['FLOP/s', 1], ...units('FLOP/s', DECIMAL), ...units('FLOPS', DECIMAL)]),
    example: '989 TFLOP/s',
  },
  power: {
    factors: new Map([
      ['W', 1],
      ['kW', 1e3],
    ]),
    example: '700 W',
  },
  share: {
    factors: new Map([
      ['%', 0.01],
      ['', 1],
    ]),
    example: '8%',
  },
} as const;

export type Dimension = keyof typeof DIMENSIONS;

export type Parsed =
  | { readonly ok: true; readonly value: number }
  | { readonly ok: false; readonly expected: string; readonly hint?: string };

const PATTERN = /^\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*([^\s\d]*)\s*$/;

/** Reads `"80 GiB"` as SI. A number without its unit, or with another dimension's, is refused with a hint. */
export function parseQuantity(text: string, dimension: Dimension): Parsed {
  const { factors, example } = DIMENSIONS[dimension];
  const expected = `a ${dimension === 'flops' ? 'compute rate' : dimension} such as "${example.replaceAll(' or ', '" or "')}"`;
  const match = PATTERN.exec(text);
  if (match === null) return { ok: false, expected };
  const [, number = '', unit = ''] = match;
  const factor = factors.get(unit);
  const value = factor === undefined ? Number.NaN : scaled(number, factor);
  if (Number.isFinite(value)) return { ok: true, value };
  const hint = guess(number, unit, dimension);
  return hint === undefined ? { ok: false, expected } : { ok: false, expected, hint };
}

/** Powers of ten move the point of the text, so that `18 ms` is the number that `0.018 s` is, to the last digit. */
function scaled(number: string, factor: number): number {
  const [digits, exponent = '0'] = number.split(/e/i);
  for (const parts of [1, 8]) {
    const power = Math.round(Math.log10(factor * parts));
    if (factor * parts === Number(`1e${power}`))
      return Number(`${digits}e${Number(exponent) + power}`) / parts;
  }
  return Number(number) * factor;
}

/** The same number in the nearest other unit that makes it lie between two figures; undefined where none does. */
export function unitFor(text: string, dimension: Dimension, least: number, most: number): string | undefined {
  const [, number = '', unit = ''] = PATTERN.exec(text) ?? [];
  const { factors } = DIMENSIONS[dimension];
  const own = factors.get(unit);
  if (own === undefined) return undefined;
  const away = (factor: number) => Math.abs(Math.log(factor / own));
  const fitting = [...factors].filter(
    ([name, factor]) =>
      factor !== own &&
      name.includes('i') === unit.includes('i') &&
      Number(number) * factor >= least &&
      Number(number) * factor <= most,
  );
  const [near] = fitting.sort(([, a], [, b]) => away(a) - away(b));
  return near === undefined ? undefined : `${number} ${near[0]}`;
}

function guess(number: string, unit: string, dimension: Dimension): string | undefined {
  const { factors, example } = DIMENSIONS[dimension];
  if (unit === '') {
    const units = example.split(' or ').map((one) => one.replace(/^[\d.]+ ?/, ''));
    return `Maybe ${units.map((one) => `"${number} ${one}"`).join(' or ')}.`;
  }
  const [, prefix] = dimension === 'bytes' ? (/^([kmgt])b?$/i.exec(unit) ?? []) : [];
  if (prefix !== undefined) {
    const big = prefix.toUpperCase();
    const bits = unit.endsWith('b') ? ': b is bits, B is bytes' : '';
    return `Maybe "${number} ${big}B" or "${number} ${big}iB"${bits}.`;
  }
  if (factors.has(`${unit}/s`)) return `Maybe "${number} ${unit}/s".`;
  for (const known of factors.keys()) {
    if (known.toLowerCase() === unit.toLowerCase()) return `Maybe "${number} ${known}".`;
  }
  for (const [name, other] of Object.entries(DIMENSIONS)) {
    if (other.factors.has(unit)) return `Maybe something else was meant: ${unit} is a unit of ${name}.`;
  }
  return undefined;
}
