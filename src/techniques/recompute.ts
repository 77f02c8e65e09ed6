import { closed, list } from '../document/shapes.ts';
import type { Problem } from '../domain/problem.ts';
import { isMoe } from '../layers/layer.ts';
import { type Again, ALL_AGAIN, type Operator } from '../layers/operator.ts';
import { RECOMPUTE_MODULES, type RecomputeModule } from '../layers/recompute-modules.ts';
import { nearest } from '../units/nearest.ts';
import { underBudget } from './activation-budget.ts';
import { Misread } from './misread.ts';
import { technique } from './technique.ts';

const RECOMPUTE_MODES = ['none', 'selective', 'full', 'budget'] as const;

export interface Recompute {
  readonly mode: (typeof RECOMPUTE_MODES)[number];
  /** What `selective` recomputes; empty otherwise. */
  readonly modules: readonly RecomputeModule[];
  /** `full` only: layers per stage to recompute, or below 1 a share of them until a plan says how many that is; null: all of them. */
  readonly layersPerStage: number | null;
  /** `budget` only: the share of what a layer keeps beyond its input that it goes on keeping, above 0 and below 1. */
  readonly budget?: number;
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
  schema: closed(
    {
      mode: { enum: RECOMPUTE_MODES },
      modules: list({ enum: RECOMPUTE_MODULES }),
      layersPerStage: { type: ['integer', 'null'] },
    },
    { budget: { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 } },
  ),
  affects: 'layer',
  parse: parsed,
  format: ({ mode, modules, layersPerStage, budget }) =>
    mode === 'budget'
      ? `budget:${budget}`
      : mode === 'selective'
        ? modules.join('+')
        : layersPerStage === null
          ? mode
          : `${mode}:${layersPerStage}`,
  name: 'recompute',
  words: ({ mode, modules, layersPerStage, budget }) =>
    mode === 'budget'
      ? `budget ${budget}`
      : mode === 'selective'
        ? modules.join('+')
        : layersPerStage === null
          ? mode
          : `${mode} ×${layersPerStage}`,
  resolve(value, problem, { pp }) {
    if (value.mode === 'selective' && value.modules.length === 0) return worthIt(problem);
    const { length: all } = problem.model.layers;
    const stated = value.layersPerStage ?? 0;
    const layersPerStage = stated > 0 && stated < 1 ? Math.ceil((stated * all) / pp) : stated;
    // A stage leaves one layer at least to each other.
    return layersPerStage === 0 || layersPerStage > all - pp
      ? { ...value, layersPerStage: null }
      : { ...value, layersPerStage };
  },
  form: ({ mode }) => (mode === 'budget' ? 'budget' : null),
  reject: ({ mode, budget, modules }, { model, stack }) =>
    model.unit !== undefined && (mode === 'budget' || mode === 'selective')
      ? {
          rule: 'recompute',
          actual: mode === 'budget' ? `recompute=budget:${budget}` : `recompute=${modules.join('+')}`,
          limit: 'none or full: of layers given by their figures no parts are known',
        }
      : mode === 'budget' && !stack.compiled
        ? {
            rule: 'activation-budget',
            actual: `recompute=budget:${budget} on ${stack.name}`,
            limit: 'a stack with compiled: true: the budget is of torch.compile',
            hint: 'Maybe --stack with a file of your own, from shardwright stack show; or recompute=selective.',
          }
        : null,
  assumed: ({ mode, budget }) =>
    mode === 'budget'
      ? [
          `activation budget ${budget}: what costs no FLOPs is run again first, then an equal share of all else`,
        ]
      : [],
  outside: ({ layersPerStage }, { model }) =>
    layersPerStage === null || layersPerStage <= model.layers.length
      ? null
      : {
          rule: 'recompute',
          actual: `recompute=full:${layersPerStage}`,
          limit: `1 to ${model.layers.length} layers of a stage, as many as ${model.name} has`,
          hint: 'Maybe recompute=full: all layers.',
        },
  choices: (problem, _, asked) =>
    asked === undefined ? [...new Set([NO_RECOMPUTE, worthIt(problem), FULL_RECOMPUTE])] : [asked],
  limit: {
    of: ({ layersPerStage }) => layersPerStage,
    with: (value, layersPerStage) => (value.mode === 'full' ? { ...value, layersPerStage } : null),
    without: (value) => ({ ...value, layersPerStage: null }),
  },
  layer: ({ mode, modules, budget = 1 }, operators) => {
    if (mode === 'budget') return underBudget(operators, budget);
    if (mode === 'none') return [...operators];
    if (mode === 'full') return wholeAgain(operators);
    const among = (list: readonly RecomputeModule[]) => list.some((module) => modules.includes(module));
    return operators.map((one) => {
      const again = againUnder(modules, one);
      if (again === null && !one.saved.some(({ droppedBy }) => among(droppedBy))) return one;
      const saved = one.saved.map((tensor) =>
        among(tensor.droppedBy) ? { ...tensor, dropped: true } : tensor,
      );
      return { ...one, again, saved };
    });
  },
});

/** The most that any of these modules runs again of an operator. */
function againUnder(modules: readonly RecomputeModule[], { modules: own, partly }: Operator): Again | null {
  let most: Again | null = null;
  for (const module of own) {
    if (!modules.includes(module)) continue;
    const again = partly?.[module] ?? ALL_AGAIN;
    if (most === null || again.share > most.share) most = again;
  }
  return most;
}

/** Only the layer's input is kept: the first tensor that its first operator saves. */
function wholeAgain(operators: readonly Operator[]): Operator[] {
  return operators.map((one, o) => ({
    ...one,
    again: ALL_AGAIN,
    saved: one.saved.map((tensor, t) => ({ ...tensor, dropped: o > 0 || t > 0 })),
  }));
}

/** Selective recomputation of what is worth it: the softmax of unfused attention, else the cheap activations. */
export function worthIt(problem: Problem): Recompute {
  // Of layers given by their figures no part is known.
  if (problem.model.unit !== undefined) return NO_RECOMPUTE;
  if (problem.stack.attentionKernel === 'unfused') return selective('core_attn');
  if (problem.stack.fullySharded) return selective('op');
  return isMoe(problem.model) ? selective('layernorm', 'moe_act') : selective('layernorm', 'mlp');
}

/** `none`, `full`, `full:4` (the first four layers of each stage), `full:50%` (of its layers), `budget:0.5`, or modules joined by +. */
function parsed(text: string): Recompute | Misread {
  const [, some, share] = /^full:(\d+)(%)?$/.exec(text) ?? [];
  const layers = Number(some) / (share === undefined ? 1 : 100);
  if (layers > 0 && (share === undefined || layers < 1)) return { ...FULL_RECOMPUTE, layersPerStage: layers };
  const budget = budgetIn(text);
  if (budget > 0 && budget < 1) return { mode: 'budget', modules: [], layersPerStage: null, budget };
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
        `none, selective, full, full:LAYERS, full:SHARE%, budget:SHARE (above 0, below 1), or modules joined by +: ${RECOMPUTE_MODULES.join(', ')}`,
        meantBy(modules),
      );
}

function budgetIn(text: string): number {
  const [, share, percent] = /^budget:(\d*\.?\d+)(%)?$/.exec(text) ?? [];
  return share === undefined ? 0 : Number(share) / (percent === undefined ? 1 : 100);
}

/** Each module by the nearest name; a mode where it stands alone. */
function meantBy(modules: readonly string[]): string | undefined {
  const [alone = ''] = modules;
  const one = /^full:/.test(alone) ? 'full' : nearest(alone, [...RECOMPUTE_MODES, ...RECOMPUTE_MODULES]);
  if (modules.length === 1) return one;
  const near = modules.map((module) => nearest(module, RECOMPUTE_MODULES));
  return near.includes(undefined) ? undefined : near.join('+');
}
