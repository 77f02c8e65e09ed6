import { closestMatch } from 'leven';

/** The closest of `candidates` by edit distance, upper and lower case alike, if close enough to be a slip. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const lower = candidates.map((candidate) => candidate.toLowerCase());
  const maxDistance = Math.max(2, Math.floor(word.length / 3));
  const found = closestMatch(word.toLowerCase(), lower, { maxDistance });
  return found === undefined ? undefined : candidates[lower.indexOf(found)];
}
