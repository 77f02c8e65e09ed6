import type { LayerKind, LayerPart, ModelSpec } from '../domain/model.ts';
import type { Reason } from '../domain/reason.ts';
import { FEED_FORWARDS } from './ffn/index.ts';
import { contextOf, keptWide } from './kept-wide.ts';
import type { LayerModule, Split } from './layer-module.ts';
import { residualTokens } from './local-shape.ts';
import { MIXERS } from './mixers/index.ts';
import { norm, residual } from './norm.ts';
import { kept, type LayerContext, type Operator } from './operator.ts';
import { trainedOperators } from './training/trained-operators.ts';
import { WHOLE_LAYERS } from './whole/index.ts';

const MODULES = new Map<string, LayerModule>(
  [...MIXERS, ...FEED_FORWARDS, ...WHOLE_LAYERS].map((module) => [module.kind, module as LayerModule]),
);

/** The module that knows a part. Throws on one that no registry has: files are checked before. */
export function moduleOf({ kind }: LayerPart): LayerModule {
  const module = MODULES.get(kind);
  if (module === undefined) throw new RangeError(`no layer module "${kind}"`);
  return module;
}

/** The parts of a kind of layer: mixer, then feed-forward, as far as it has them. */
export function partsOf({ mixer, ffn }: LayerKind): LayerPart[] {
  return [mixer, ffn].filter((part) => part !== null);
}

/** Packages whose kernels the layers of a model are priced with, in order of name. */
export function kernelPackagesOf({ kinds }: Pick<ModelSpec, 'kinds'>): string[] {
  const all = kinds.flatMap((kind) => partsOf(kind).flatMap((part) => moduleOf(part).kernelPackages ?? []));
  return [...new Set(all)].sort();
}

/** The operators of one decoder layer in order of execution: each part with its norms, then the residual addition. */
export function layerOperators(kind: LayerKind, given: LayerContext): Operator[] {
  const context = contextOf(kind, given);
  const operators = [
    ...block('attention', kind.mixer, context, 1),
    // A parallel layer has one norm, before its mixer (falcon-7b).
    ...block('mlp', kind.ffn, context, 2),
  ];
  return trainedOperators(
    keptWide(withEagerCopies(operators, context), kind.wide),
    kind.training ?? null,
    context,
  );
}

function block(name: string, part: LayerPart | null, context: LayerContext, norms: number): Operator[] {
  if (part === null) return [];
  const { model, stack, local } = context;
  // DTensor's column-parallel linear keeps its gathered input; Megatron's gathers it again in backward.
  const copies = stack.fullySharded && local.sequenceParallel ? local.tensorParallel : 1;
  const before = model.norm.perLayer >= norms ? [norm(`${name}-norm`, context, [], { copies })] : [];
  const after = model.norm.perLayer > 2 ? [norm(`post-${name}-norm`, context, [])] : [];
  const module = moduleOf(part);
  const inner = module.operators(part, context);
  if (module.whole === true) return inner;
  return [...before, ...inner, ...after, residual(`${name}-residual`, context, [])];
}

/** What the parts of a model lack to be timed on a GPU, with the kind of layer; null: nothing. */
export function lacking({ kinds }: Pick<ModelSpec, 'kinds'>, gpu: string): string | null {
  for (const kind of kinds)
    for (const part of partsOf(kind)) {
      const said = moduleOf(part).lacks?.(part, gpu) ?? null;
      if (said !== null) return `${kind.name}: ${said}`;
    }
  return null;
}

/** Residual-sized tensors that eager kernels of a stack keep beside what the arithmetic needs, on a layer's last operator. */
function withEagerCopies(operators: Operator[], { model, local, stack }: LayerContext): Operator[] {
  const last = operators.at(-1);
  if (last === undefined || stack.extraResiduals === 0 || stack.compiled) return operators;
  const bytes = stack.extraResiduals * local.elementBytes * residualTokens(local) * model.hiddenSize;
  return [...operators.slice(0, -1), { ...last, saved: [...last.saved, kept(bytes)] }];
}

/** What its kinds of layer say of how weakly their time is known, a line each. */
export function weakTimes({ kinds }: Pick<ModelSpec, 'kinds'>): string[] {
  const said = kinds.flatMap((kind) => partsOf(kind).map((part) => moduleOf(part).weakly?.(part) ?? null));
  return [...new Set(said.filter((line) => line !== null))];
}

/** Whether some layer looks back over a window. */
export function slides({ kinds }: Pick<ModelSpec, 'kinds'>): boolean {
  return kinds.some((kind) => partsOf(kind).some((part) => moduleOf(part).slides?.(part) === true));
}

/** The first law that a split breaks in any part of a model's layers. */
export function layerLaw({ kinds, hiddenSize }: ModelSpec, split: Split): Reason | null {
  for (const kind of kinds) {
    for (const part of partsOf(kind)) {
      const broken = moduleOf(part).constraints(part, split);
      if (broken !== null) return broken;
    }
  }
  return hiddenSize % split.tp === 0
    ? null
    : {
        rule: 'hidden-divisible-by-tp',
        actual: `hidden size ${hiddenSize}`,
        limit: `a multiple of tp=${split.tp}`,
      };
}

/** Whether experts are dealt over ranks. */
export function isMoe(model: Pick<ModelSpec, 'kinds'>): boolean {
  return expertsOf(model).length > 0;
}

/** Experts of each kind of layer that has them. */
export function expertsOf({ kinds }: Pick<ModelSpec, 'kinds'>): number[] {
  return kinds.flatMap((kind) =>
    partsOf(kind).flatMap((part) => {
      const n = moduleOf(part).experts?.(part);
      return n === undefined ? [] : [n];
    }),
  );
}
