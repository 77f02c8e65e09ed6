import { isKind } from '../../foreign/python/value.ts';
import { loss } from '../../techniques/loss.ts';
import { no, type Rule } from '../laws/rule.ts';
import { classOf } from './made.ts';
import type { TitanRun } from './run.ts';

const CHUNKS = 'loss.num_chunks';
/** Of ChunkedLossWrapper, which every function of a config_registry starts with (torchtitan@b5bcd76). */
const USUAL_CHUNKS = 8;

function chunksOf(id: string): number | null {
  const [, chunks] = /^chunked:(\d+)$/.exec(id) ?? [];
  return chunks === undefined ? null : Number(chunks);
}

/** A recipe's line for it; none for the loss that the recipe starts with. */
export function lossLines(id: string, vocabSize: number): string[] {
  const chunks = chunksOf(id);
  if (chunks !== null) return [`    c.${CHUNKS} = ${chunks}`];
  return id === 'fp32' ? [`    c.loss = CrossEntropyLoss.Config(global_vocab_size=${vocabSize})`] : [];
}

export function lossImports(id: string): string[] {
  return id === 'fp32' ? ['from torchtitan.components.loss import CrossEntropyLoss'] : [];
}

/** As `--config` writes it, where the file says it. */
export function lossOfRun(run: TitanRun): Record<string, string> {
  const made = run.at('loss');
  const stated = run.sets(CHUNKS)
    ? run.count(CHUNKS)
    : classOf(made) === 'ChunkedLossWrapper' && isKind(made, 'made')
      ? (made.keywords.get('num_chunks') ?? USUAL_CHUNKS)
      : null;
  if (stated !== null) return { loss: `chunked:${stated}` };
  return classOf(made) === 'CrossEntropyLoss' ? { loss: 'fp32' } : {};
}

/** What a file leaves to the function it starts from is estimated as the stack has it: with more memory, never less. */
export function lossNotes(run: TitanRun): string[] {
  return run.base === null || run.sets(CHUNKS) || run.sets('loss')
    ? []
    : [
        `its loss works in ${USUAL_CHUNKS} chunks, estimated with whole logits: --config loss=chunked:${USUAL_CHUNKS} says it`,
      ];
}

export const chunkedLoss: Rule = (_, { techniques }) => {
  const id = loss.of(techniques);
  return id === loss.off || id === 'fp32' || chunksOf(id) !== null
    ? null
    : no('loss', `loss=${id}`, 'stack, fp32 or chunked:N: what torchtitan has', 'Maybe loss=chunked:8.');
};
