import { dataParallel, type MegatronRun, sizesOf } from './run.ts';

const TENSOR = '--tp-comm-overlap';

/** What beside the passes travels, as `--config` writes it: of a file that says all that the program is told. */
export function overlapOf(run: MegatronRun, zero: string, gpus: number | null): Record<string, string> {
  return { ...tensorOverlapOf(run), ...dataOverlapOf(run, zero, gpus) };
}

function tensorOverlapOf(run: MegatronRun): Record<string, string> {
  return runsOverUserbuffers(run) ? { 'tp-overlap': 'userbuffers' } : {};
}

/** Latent attention turns it off again (megatron/core/extensions/transformer_engine.py@d98e8a6). */
function runsOverUserbuffers(run: MegatronRun): boolean {
  const tp = run.count('--tensor-model-parallel-size') ?? 1;
  return run.has(TENSOR) && tp > 1 && run.has('--sequence-parallel') && !run.has('--multi-latent-attention');
}

/** FSDP2 gathers and reduces beside the passes whatever is said; one copy has nobody to send to. */
function dataOverlapOf(run: MegatronRun, zero: string, gpus: number | null): Record<string, string> {
  const sizes = sizesOf(run, gpus);
  const copies = dataParallel(sizes);
  if (!run.whole || run.has('--use-torch-fsdp2') || (copies !== null && copies * sizes.cp === 1)) return {};
  if (!run.has('--overlap-grad-reduce')) return { 'dp-overlap': 'none' };
  return zero === '0' || run.has('--overlap-param-gather') ? {} : { 'dp-overlap': 'gradients' };
}

export function overlapNotes(run: MegatronRun): string[] {
  return run.has(TENSOR) && run.has('--multi-latent-attention')
    ? [`${TENSOR} is estimated as off: Megatron-LM turns it off for latent attention`]
    : [];
}
