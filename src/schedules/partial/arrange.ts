import { generator } from '../../units/random.ts';
import type { PathNetwork } from './play.ts';

/** Nodes as they are to be shared out over stages, and what lies between any two. */
interface Arranging {
  readonly stages: number;
  readonly delay: PathNetwork['delay'];
  readonly seed: number;
  readonly moves: number;
}

const HOT = 0.05;
const COLD = 1e-3;

/**
 * Nodes in stages of one size, the first with those that are over, so that from every node the nearest of each other stage is near: by
 * annealing, two nodes of unlike stages exchanged at a time. It stands in for the published genetic search (gensyn-ai/skippipe@7f20d8a, schedulers/gcma.py).
 */
export function arranged({ stages, delay, seed, moves }: Arranging): number[][] {
  const nodes = delay.length;
  const size = Math.floor(nodes / stages);
  const first = nodes - size * (stages - 1);
  const stageOf = (place: number) => (place < first ? 0 : 1 + Math.floor((place - first) / size));
  const random = generator(seed);
  const order = Array.from({ length: nodes }, (_, node) => node);
  const cost = () => {
    let sum = 0;
    for (let a = 0; a < nodes; a++) {
      const nearest = new Array<number>(stages).fill(Number.POSITIVE_INFINITY);
      for (let b = 0; b < nodes; b++) {
        const stage = stageOf(b);
        nearest[stage] = Math.min(nearest[stage]!, delay[order[a]!]![order[b]!]!);
      }
      for (const [stage, near] of nearest.entries()) if (stage !== stageOf(a)) sum += near;
    }
    return sum;
  };
  let now = cost();
  let [best, least] = [[...order], now];
  for (let move = 0; move < moves && now > 0; move++) {
    const [i, j] = [Math.floor(random() * nodes), Math.floor(random() * nodes)];
    if (stageOf(i) === stageOf(j)) continue;
    [order[i], order[j]] = [order[j]!, order[i]!];
    const then = cost();
    const temperature = HOT * (COLD / HOT) ** (move / moves);
    if (then > now && random() >= Math.exp((now - then) / (least * temperature))) {
      [order[i], order[j]] = [order[j]!, order[i]!];
      continue;
    }
    now = then;
    if (now < least) [best, least] = [[...order], now];
  }
  return Array.from({ length: stages }, (_, stage) =>
    best.filter((_, place) => stageOf(place) === stage).sort((a, b) => a - b),
  );
}
