import { closed, list } from '../document/shapes.ts';
import type { Problem } from '../domain/problem.ts';
import { isMoe } from '../layers/layer.ts';
import type { Operator } from '../layers/operator.ts';
import { RECOMPUTE_MODULES, type RecomputeModule } from '../layers/recompute-modules.ts';
import { Misread, technique } from './technique.ts';

const RECOMPUTE_MODES = ['none', 'selective', 'full'] as const;

export interface Recompute {
  readonly mode: (typeof RECOMPUTE_MODES)[number];
  /** What `selective` recomputes; empty otherwise. */
  readonly modules: readonly RecomputeModule[];
  /** `full` only: layers per stage to recompute; null: all of them. */
  readonly layersPerStage: number | null;
}

export const NO_RECOMPUTE: Recompute = { mode: 'none', modules: [], layersPerStage: null };
export const FULL_RECOMPUTE: Recompute = { mode: 'full', modules: [], layersPerStage: null };

export function selective(...modules: RecomputeModule[]): Recompute {
  return { mode: 'selective', modules, layersPerStage: null };
}

/** Activations run again in backward instead of being kept: of whole layers, or of what is cheap for its size. */
export const recompute = technique<Recompute>({
  id: 'recompute',
  aliases: [],
  off: NO_RECOMPUTE,
  schema: closed({
    mode: { enum: RECOMPUTE_MODES },
    modules: list({ enum: RECOMPUTE_MODULES }),
    layersPerStage: { type: ['integer', 'null'] },
  }),
  affects: 'layer',
  parse: parsed,
  format: ({ mode, modules, layersPerStage }) =>
    mode === 'selective' ? modules.join('+') : layersPerStage === null ? mode : `${mode}:${layersPerStage}`,
  name: 'recompute',
  words: ({ mode, modules, layersPerStage }) =>
    mode === 'selective' ? modules.join('+') : layersPerStage === null ? mode : `${mode} ×${layersPerStage}`,
  resolve(value, problem, { pp }) {
    if (value.mode === 'selective' && value.modules.length === 0) return worthIt(problem);
    // A stage leaves one layer at least to each other.
    const whole = (value.layersPerStage ?? 0) > problem.model.layers.length - pp;
    return whole ? { ...value, layersPerStage: null } : value;
  },
  choices: (problem, _, asked) =>
    asked === undefined ? [NO_RECOMPUTE, worthIt(problem), FULL_RECOMPUTE] : [asked],
  limit: {
    of: ({ layersPerStage }) => layersPerStage,
    with: (value, layersPerStage) => (value.mode === 'full' ? { ...value, layersPerStage } : null),
    without: (value) => ({ ...value, layersPerStage: null }),
  },
  layer: ({ mode, modules }, operators) => {
    if (mode === 'none') return [...operators];
    if (mode === 'full') return wholeAgain(operators);
    const among = (list: readonly RecomputeModule[]) => list.some((module) => modules.includes(module));
    return operators.map((one) => {
      const again = among(one.modules);
      if (!again && !one.saved.some(({ droppedBy }) => among(droppedBy))) return one;
      const saved = one.saved.map((tensor) =>
        among(tensor.droppedBy) ? { ...tensor, dropped: true } : tensor,
      );
      return { ...one, again, saved };
    });
  },
});

/** Only the layer's input is kept: the first tensor that its first operator saves. */
function wholeAgain(operators: readonly Operator[]): Operator[] {
  return operators.map((one, o) => ({
    ...one,
    again: true,
    saved: one.saved.map((tensor, t) => ({ ...tensor, dropped: o > 0 || t > 0 })),
  }));
}

/** Selective recomputation of what is worth it: the softmax of unfused attention, else the cheap activations. */
export function worthIt(problem: Problem): Recompute {
  if (problem.stack.attentionKernel === 'unfused') return selective('core_attn');
  if (problem.stack.fullySharded) return selective('op');
  return isMoe(problem.model) ? selective('layernorm', 'moe_act') : selective('layernorm', 'mlp');
}

/** `none`, `full`, `full:4` (the first four layers of each stage), or modules joined by +. */
function parsed(text: string): Recompute | Misread {
  const [, some] = /^full:(\d+)$/.exec(text) ?? [];
  if (some !== undefined && Number(some) > 0) return { ...FULL_RECOMPUTE, layersPerStage: Number(some) };
  if (text === 'none') return NO_RECOMPUTE;
  if (text === 'full') return FULL_RECOMPUTE;
  if (text === 'selective') return selective();
  const modules = text.split('+');
  const known = modules.filter((one): one is RecomputeModule =>
    (RECOMPUTE_MODULES as readonly string[]).includes(one),
  );
  return known.length === modules.length
    ? selective(...known)
    : new Misread(
        `none, selective, full, full:LAYERS, or modules joined by +: ${RECOMPUTE_MODULES.join(', ')}`,
      );
}
