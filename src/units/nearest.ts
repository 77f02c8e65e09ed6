import leven, { closestMatch } from 'leven';

/**
 * The closest of `candidates` by edit distance, upper and lower case alike, if close enough to be a slip: of a third of its
 * letters, or of `most`.
 */
export function nearest(
  word: string,
  candidates: readonly string[],
  most = Math.max(2, Math.floor(word.length / 3)),
): string | undefined {
  const lower = candidates.map((candidate) => candidate.toLowerCase());
  const maxDistance = most;
  const found = closestMatch(word.toLowerCase(), lower, { maxDistance });
  return found === undefined ? undefined : candidates[lower.indexOf(found)];
}

/**
 * The candidate that is the same word but for a slip: for case and separators, or for one letter in five, at most `most`. Of short
 * words another letter makes another word.
 */
export function slipOf(word: string, candidates: readonly string[], most = 2): string | undefined {
  const plain = (one: string) => one.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  const same = candidates.find((one) => plain(one) === plain(word));
  if (same !== undefined) return same;
  const allowed = Math.min(most, Math.floor(word.length / 5));
  const [nearby] = candidates
    .map((one) => ({ one, distance: leven(plain(word), plain(one)) }))
    .filter(({ one, distance }) => distance <= allowed || (distance === 1 && one.length === word.length + 1))
    .sort((a, b) => a.distance - b.distance || (a.one < b.one ? -1 : 1));
  return nearby?.one;
}

/** Names that are offered at a time. */
const MOST = 3;

/**
 * Names of a catalogue that may be meant: those with all words of what was asked, else the one a slip away, else those with the
 * most of its words, the shortest first. `h100-8` is `dgx-h100-8`, `v100-8` is `v100-cloud-32`, `64xh100` is `dgx-h100-64`.
 */
export function alike(word: string, names: readonly string[]): readonly string[] {
  const asked = partsOf(word);
  const all = asked.reduce((sum, part) => sum + weightOf(part), 0);
  const scored = names
    .map((name) => ({ name, score: shared(asked, partsOf(name)) }))
    // A number alone says nothing.
    .filter(({ score }) => score >= WORD)
    .sort((a, b) => b.score - a.score || a.name.length - b.name.length || (a.name < b.name ? -1 : 1));
  const most = scored[0]?.score ?? 0;
  const best = scored
    .filter(({ score }) => score === most)
    .slice(0, MOST)
    .map(({ name }) => name);
  if (best.length > 0 && most === all) return best;
  const slip = nearest(word, names);
  // Of a short name two other letters make another name.
  const far = slip !== undefined && word.length < 5 && leven(word.toLowerCase(), slip.toLowerCase()) > 1;
  return slip === undefined || far ? best : [slip];
}

const WORD = 10;

/** A word, or a number as long as a product's, tells more than a count of GPUs. */
function weightOf(part: string): number {
  return /[a-z]|\d{4}/.test(part) ? WORD : 1;
}

function shared(asked: readonly string[], parts: readonly string[]): number {
  return asked
    .filter((one) => parts.includes(one) || (one.length > 2 && parts.some((part) => part.startsWith(one))))
    .reduce((sum, part) => sum + weightOf(part), 0);
}

/** Words and numbers of a name; `64xh100` has two. */
function partsOf(name: string): string[] {
  return name
    .toLowerCase()
    .replaceAll(/(^|[^a-z0-9])(\d+)x(?=[a-z])/g, '$1$2-')
    .split(/[^a-z0-9.]+/)
    .filter((part) => part !== '');
}

/** `Maybe "a", "b" or "c".`; nothing where there are none. */
export function maybe(names: readonly string[]): string | undefined {
  const quoted = names.map((name) => `"${name}"`);
  if (quoted.length === 0) return undefined;
  return `Maybe ${[quoted.slice(0, -1).join(', '), quoted.at(-1)].filter((one) => one !== '').join(' or ')}.`;
}
