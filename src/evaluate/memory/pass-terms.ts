import { type BySegment, type MemoryTerm, memoryTerm, type Point } from '../../domain/memory-term.ts';
import type { Ends } from '../../domain/plan.ts';
import { statesIn } from '../../domain/stack.ts';
import { lastKind } from '../../layers/parameters.ts';
import { scheduleOf } from '../../schedules/index.ts';
import { wholeOutput } from '../bytes-between.ts';
import type { StageProfile } from '../stage-profile.ts';
import { activationsElsewhere } from './activations-elsewhere.ts';
import { each } from './by-kind.ts';
import type { StagePlace } from './held.ts';
import { scoreBuffer } from './score-buffer.ts';

const IN_FLIGHT: readonly Point[] = ['forward', 'loss', 'backward'];

/**
 * Activations, logits, and what is alive only while a pass runs. What a micro-batch keeps is there from its forward to its backward
 * (arXiv 2104.04473, section 2.2; bytes of each operator: arXiv 2205.05198, section 4); what recomputation brings back, of one layer at a time.
 */
export function passTerms(profile: StageProfile): (place: StagePlace) => MemoryTerm[] {
  const { context, embedding, head } = profile;
  const { stack, workload } = context.problem;
  const saved = each(profile, (memory) => memory.saved);
  const restored = each(profile, (memory) => memory.restored);
  const transient = each(profile, (memory) => memory.transient);
  const offloaded = each(profile, (memory) => memory.offloaded);
  const elsewhere = offloaded.some((row) => row.some((bytes) => bytes > 0));
  const none = each(profile, () => 0);
  const scores = scoreBuffer(context);
  const alone = (part: string, at: readonly Point[], bytes: number) =>
    memoryTerm({ part, at, layers: none, fixed: [bytes] });
  const widest = (part: string, layers: BySegment) =>
    memoryTerm({ part, at: ['backward'], over: 'widest', layers, fixed: [0] });
  // The weight gradient of embedding or head, made outside the gradient buffer; of one that is kept beside the sums, as wide as these while it is
  // added to them (hp_grad.data.add_(lp.grad.data.to(hp_grad.dtype)), deepspeed/runtime/bf16_optimizer.py).
  const element = context.local.elementBytes;
  const made = Math.max(element, statesIn(workload, stack.state).gradients - element);
  const cached =
    stack.casts === 'autocast-cached'
      ? [
          memoryTerm({
            part: 'cast weights',
            at: ['forward', 'loss'],
            layers: each(profile, (memory) => memory.casts),
            fixed: [0],
          }),
        ]
      : [];
  // Where all micro-batches go forward before any goes backward, each has its logits until then.
  const flushed = context.dims.pp > 1 && !scheduleOf(context.schedule).bounded;
  return ({ chunks, ends }) => {
    const logits = logitBytes(profile, ends);
    const activations = { part: 'activations', layers: saved, fixed: savedBeside(profile, chunks, ends) };
    const largest = Math.max(
      ends.embedding === null ? 0 : embedding.memory.largest,
      ends.head === null ? 0 : head.memory.largest,
    );
    return [
      memoryTerm({ ...activations, at: IN_FLIGHT, times: 'in-flight' }),
      memoryTerm({ ...activations, at: ['end-of-backward'], times: 'in-flight-but-one' }),
      ...cached,
      ...(elsewhere ? activationsElsewhere(offloaded) : []),
      ...(scores > 0 ? [memoryTerm({ part: 'attention score buffer', layers: none, fixed: [scores] })] : []),
      memoryTerm({
        part: 'logits and loss',
        at: ['forward', 'loss'],
        times: flushed ? 'in-flight' : 'once',
        layers: none,
        fixed: Array.from({ length: chunks }, (_, c) => (c === ends.head ? logits.saved : 0)),
      }),
      alone('logits and loss', ['loss'], logits.transient),
      widest('recomputed', restored),
      widest('temporaries', transient),
      // Towers go backward last: what they keep of the micro-batch is there until then.
      alone(
        'activations',
        ['end-of-backward'],
        ends.embedding === null || embedding.memory.transient === 0
          ? 0
          : embedding.memory.saved + embedding.memory.transient,
      ),
      alone('temporaries', ['end-of-backward'], stack.gradAccumulationFusion ? 0 : made * largest),
    ];
  };
}

/** Each prediction module has logits of its own; their losses follow one another. */
function logitBytes({ context, head: { memory } }: StageProfile, { head }: Ends) {
  if (head === null) return { saved: 0, transient: 0 };
  return {
    saved: (1 + context.problem.model.mtpLayers) * memory.logits.saved,
    transient: memory.logits.transient + memory.transient,
  };
}

/** What a micro-batch keeps of embedding and head, logits apart, and of stage outputs, by chunk. */
function savedBeside(profile: StageProfile, chunks: number, ends: Ends): number[] {
  const { context, layers, embedding, head, prediction } = profile;
  const { dims } = context;
  const { model, stack } = context.problem;
  const output = stack.keepsPipelineOutputs && dims.pp > 1 ? wholeOutput(context) : 0;
  const fixed = new Array<number>(chunks).fill(output);
  if (ends.embedding !== null) fixed[ends.embedding]! += embedding.memory.saved;
  if (ends.head !== null) {
    const layer = layers.at(-1)![lastKind(model)]!;
    fixed[ends.head]! += head.memory.saved + model.mtpLayers * (layer.memory.saved + prediction.memory.saved);
  }
  return fixed;
}
