import { InputError } from '../domain/input-error.ts';
import type { Packing } from '../domain/packing.ts';
import { nearest } from '../units/nearest.ts';
import { parseQuantity } from '../units/parse.ts';
import { readText } from './document.ts';

const KEYS = ['file', 'mean', 'square', 'deviation', 'mask', 'padding'] as const;
const EXPECTED =
  'a file of lengths, or mean=1200,square=3.1e6, with mask=block or full, and padding=3% beside them';
/** First-fit-decreasing packing leaves 1 to 3 % as people report it: the most of that. */
const USUAL_PADDING = 0.03;

type Moments = Pick<Packing, 'meanLength' | 'meanSquare' | 'deviation' | 'assumed'>;

/** What --packing says of samples in sequences of `sequenceLength` tokens. Throws InputError. */
export function packingFrom(text: string | undefined, sequenceLength: number): Packing | undefined {
  if (text === undefined) return undefined;
  const stated = statedIn(text);
  const moments =
    stated.file === undefined
      ? statedMoments(text, stated, sequenceLength)
      : momentsOf(lengthsIn(stated.file), sequenceLength, stated.file);
  const { padding, assumed } = paddingFrom(text, stated.padding);
  return {
    ...moments,
    separate: maskFrom(text, stated.mask),
    padding,
    assumed: [...moments.assumed, ...assumed],
  };
}

type Stated = Readonly<Partial<Record<(typeof KEYS)[number], string>>>;

function statedIn(text: string): Stated {
  const parts: Record<string, string> = {};
  for (const word of text.split(',')) {
    const [key = '', value, ...more] = word.trim().split('=');
    const known = value === undefined ? 'file' : KEYS.find((one) => one === key);
    if (known === undefined || parts[known] !== undefined || more.length > 0 || (value ?? key) === '') {
      const near = nearest(key, KEYS);
      throw refused(text, near === undefined ? undefined : `Maybe "${near}".`);
    }
    parts[known] = value ?? key;
  }
  const moments = parts.mean !== undefined || parts.square !== undefined || parts.deviation !== undefined;
  if (moments === (parts.file !== undefined)) throw refused(text);
  return parts;
}

function refused(text: string, hint?: string): InputError {
  return new InputError({
    message: `--packing is "${text}"`,
    expected: EXPECTED,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** By the mean alone lengths are taken to spread as an exponential distribution does. */
function statedMoments(text: string, stated: Stated, sequenceLength: number): Moments {
  const meanLength = number(text, stated.mean);
  const assumed: string[] = [];
  let meanSquare = stated.square === undefined ? 0 : number(text, stated.square);
  if (stated.square === undefined) {
    meanSquare = Math.min(2 * meanLength ** 2, meanLength * sequenceLength);
    assumed.push('lengths of samples spread as an exponential distribution (--packing square=…)');
  }
  const [least, most] = [meanLength ** 2, meanLength * sequenceLength];
  const odd = meanLength < 1 || meanLength > sequenceLength;
  if (odd || meanSquare < least * (1 - 1e-9) || meanSquare > most * (1 + 1e-9))
    throw new InputError({
      message: `--packing has mean=${meanLength} and square=${meanSquare}`,
      expected: odd
        ? `a mean of at least 1 and at most the ${sequenceLength} tokens of a sequence`
        : `a mean square from ${least}, the mean's own, to ${most}, that of samples of ${sequenceLength} tokens and none`,
    });
  if (stated.deviation !== undefined)
    return { meanLength, meanSquare, deviation: number(text, stated.deviation), assumed };
  if (meanSquare > least * (1 + 1e-9))
    assumed.push(
      'lengths of samples log-normal, for how unlike the sequences of copies are (--packing FILE)',
    );
  return { meanLength, meanSquare, deviation: logNormal(meanLength, meanSquare, sequenceLength), assumed };
}

/** σ of L² − a·L where L is log-normal with these moments and never longer than a sequence: m3 = m1³r³, m4 = m1⁴r⁶ with r = m2/m1². */
function logNormal(m1: number, m2: number, longest: number): number {
  const ratio = m2 / m1 ** 2;
  const m4 = Math.min((m1 * ratio) ** 4 * ratio ** 2, longest ** 2 * m2);
  const m3 = Math.min((m1 * ratio) ** 3, longest * m2);
  const a = m2 / m1;
  return Math.sqrt(Math.max(0, m4 - 2 * a * m3 + a * a * m2));
}

interface Lengths {
  readonly length: number;
  readonly count: number;
}

/** One sample's length a line, or a length and how many have it: numbers apart by commas or spaces; a line of words may head them. */
function lengthsIn(path: string): Lengths[] {
  const lines = readText(
    path,
    'a file of lengths: one a line, or a length and how many samples have it',
  ).split('\n');
  const found: Lengths[] = [];
  for (const [i, line] of lines.entries()) {
    const bare = line.replace(/#.*/, '').trim();
    if (bare === '' || (found.length === 0 && /^[A-Za-z_"]/.test(bare))) continue;
    const [length, count = 1, ...more] = bare.split(/[\s,;]+/).map(Number);
    const whole = Number.isInteger(length) && length! > 0 && Number.isFinite(count) && count >= 0;
    if (!whole || more.length > 0)
      throw new InputError({
        message: `"${bare}"`,
        expected: 'tokens of a sample, and perhaps how many samples have as many: 1024, 350',
        at: { file: path, line: i + 1 },
      });
    found.push({ length: length!, count });
  }
  if (found.every(({ count }) => count === 0))
    throw new InputError({ message: `${path} has no lengths`, expected: 'one a line', at: { file: path } });
  return found;
}

function momentsOf(lengths: readonly Lengths[], sequenceLength: number, path: string): Moments {
  const total = lengths.reduce((sum, { count }) => sum + count, 0);
  const mean = (of: (length: number) => number) =>
    lengths.reduce((sum, { length, count }) => sum + count * of(Math.min(length, sequenceLength)), 0) / total;
  const meanLength = mean((length) => length);
  const meanSquare = mean((length) => length ** 2);
  const a = meanSquare / meanLength;
  const longer = lengths.reduce((sum, { length, count }) => sum + (length > sequenceLength ? count : 0), 0);
  return {
    meanLength,
    meanSquare,
    deviation: Math.sqrt(mean((length) => (length ** 2 - a * length) ** 2)),
    assumed:
      longer === 0
        ? []
        : [
            `${Number(((100 * longer) / total).toPrecision(3))}% of the samples of ${path} cut to ${sequenceLength} tokens`,
          ],
  };
}

function maskFrom(text: string, mask: string | undefined): boolean {
  if (mask === undefined || mask === 'block') return true;
  if (mask === 'full') return false;
  throw new InputError({
    message: `--packing is "${text}"`,
    expected: 'mask=block, where each sample attends to itself (cu_seqlens), or mask=full',
  });
}

function paddingFrom(text: string, stated: string | undefined): Pick<Packing, 'padding' | 'assumed'> {
  if (stated === undefined)
    return {
      padding: USUAL_PADDING,
      assumed: [`${100 * USUAL_PADDING}% of packed tokens padding (--packing padding=…)`],
    };
  const parsed = parseQuantity(stated, 'share');
  if (parsed.ok && parsed.value >= 0 && parsed.value < 1) return { padding: parsed.value, assumed: [] };
  throw new InputError({ message: `--packing is "${text}"`, expected: 'padding as a share, such as 3%' });
}

function number(text: string, stated: string | undefined): number {
  const value = Number(stated);
  if (stated !== undefined && Number.isFinite(value) && value >= 0) return value;
  throw refused(text);
}
