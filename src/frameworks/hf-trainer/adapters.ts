import type { TrainingFlags } from '../../plan-text/training-text.ts';

/** What PEFT is told, under whatever keys. */
export interface Peft {
  readonly rank: number;
  readonly dropout: number;
  /** Left out: `all-linear`. */
  readonly modules: readonly string[];
  readonly fourBit: boolean;
  /** Left out: not. */
  readonly eightBit?: boolean;
  /** Modules that are trained whole beside them (`modules_to_save`). */
  readonly whole: readonly string[];
}

const ENDS = { embed_tokens: 'embedding', wte: 'embedding', lm_head: 'head', embed_out: 'head' } as const;

/** Adapters as flags, and notes of what stands for something else. */
export function adaptersOf({ rank, dropout, modules, fourBit, eightBit = false, whole }: Peft): {
  readonly training: TrainingFlags;
  readonly notes: readonly string[];
} {
  const ends = whole.flatMap((name) => (name in ENDS ? [`${ENDS[name as keyof typeof ENDS]}=full`] : []));
  const others = whole.filter((name) => !(name in ENDS));
  return {
    training: {
      train: [fourBit ? 'qlora' : 'lora', ...ends].join(','),
      'lora-rank': String(rank),
      'lora-modules': modules.length === 0 ? 'all-linear' : modules.join(','),
      'lora-dropout': String(dropout),
    },
    notes: [
      ...others.map((name) => `${name} is trained whole: not estimated, it is no end of the model`),
      ...(eightBit ? ['load_in_8bit: frozen weights are estimated in 16 bits, which need more'] : []),
    ],
  };
}
