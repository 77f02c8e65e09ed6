import type { Operator } from '../../layers/operator.ts';
import type { OperatorTime } from './operator-time.ts';
import { addTime, noTime, type PassTime } from './pass-time.ts';

/** The passes of one block of a layer: a mixer or a feed-forward part, up to where its residual is added. */
type Block = Readonly<Record<'forward' | 'backward' | 'recompute', PassTime>>;

/** Blocks of a layer, in order; operators after the last residual are of none. */
export class Blocks {
  private readonly done: Block[] = [];
  private open: Block = fresh();

  add(operator: Operator, { forward, backward }: OperatorTime, recompute: PassTime | null): void {
    addTime(this.open.forward, forward);
    addTime(this.open.backward, backward);
    if (recompute !== null) addTime(this.open.recompute, recompute);
    if (!operator.name.endsWith('-residual')) return;
    this.done.push(this.open);
    this.open = fresh();
  }

  /**
   * Ladder residual (arXiv 2501.06589): what tensor-parallel ranks exchange for a block runs beside the next one, that of the last beside the next layer's first: it is
   * exposed as far as it outlasts the kernels there, less what those hide already.
   */
  besideNext(layer: Block, contention: number): void {
    for (const pass of ['forward', 'backward', 'recompute'] as const)
      for (const [i, block] of this.done.entries()) {
        const next = this.done[(i + 1) % this.done.length]![pass];
        const room = next.gemm + next.attention + next.memoryBound - next.contention / contention;
        const hidden = Math.max(0, Math.min(block[pass].tensorParallel, room));
        layer[pass].tensorParallel -= hidden;
        layer[pass].contention += hidden * contention;
      }
  }
}

function fresh(): Block {
  return { forward: noTime(), backward: noTime(), recompute: noTime() };
}
