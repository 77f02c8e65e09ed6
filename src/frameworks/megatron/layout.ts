import type { ModelSpec } from '../../domain/model.ts';
import type { Plan } from '../../domain/plan.ts';
import { chunksInOrder } from '../laws/chunks.ts';

/**
 * `--pipeline-model-parallel-layout`: `E` embedding, `t` layer, `m` multi-token prediction, `L` loss; `|` parts stages,
 * `*n` repeats (Megatron-LM, megatron/core/transformer/pipeline_parallel_layer_layout.py). Stage i of the text is
 * pipeline rank i mod P.
 */
export function pipelineLayout(model: ModelSpec, plan: Plan): string {
  const chunks = chunksInOrder(plan);
  return chunks
    .map(({ first, end }, i) => {
      const layers = end - first;
      const body = layers === 0 ? '' : layers === 1 ? 't' : `t*${layers}`;
      const predict = model.mtpLayers > 0 ? (model.mtpLayers === 1 ? 'm' : `m*${model.mtpLayers}`) : '';
      const last = i === chunks.length - 1 ? [predict, 'L'] : [];
      return `${i === 0 ? 'E' : ''}${[body, ...last].filter((part) => part !== '').join(',')}`;
    })
    .join('|');
}

/** The letters of each stage of a layout, groups in brackets and repeats written out: `Ett`, `tt`, `tL`. */
export function layoutStages(layout: string): string[] {
  let text = layout.replaceAll(/['",\s]/g, '');
  for (let before = ''; before !== text; ) {
    before = text;
    text = text.replace(/\(([^()]*)\)\*(\d+)/, (_, group: string, n: string) => group.repeat(Number(n)));
  }
  return text.replaceAll(/([EtmL])\*(\d+)/g, (_, one: string, n: string) => one.repeat(Number(n))).split('|');
}

/** Layers of each stage of a layout. */
export function layoutChunks(layout: string): number[] {
  return layoutStages(layout).map((stage) => [...stage].filter((letter) => letter === 't').length);
}
