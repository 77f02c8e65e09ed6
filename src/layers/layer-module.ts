import type { Variant } from '../document/variants.ts';
import type { LayerPart } from '../domain/model.ts';
import type { ParallelDims } from '../domain/parallel-dims.ts';
import type { Reason } from '../domain/reason.ts';
import type { LayerContext, Operator } from './operator.ts';

/** What a split asks of a layer. */
export type Split = Pick<ParallelDims, 'tp' | 'cp' | 'ep' | 'etp'>;

/** What is wrong with a key of a part as a file states it. */
export interface Flaw {
  readonly key: string;
  readonly message: string;
  readonly expected: string;
}

/** A kind of mixer or feed-forward part. A new one is a file in mixers/ or ffn/ and a line in its index.ts. */
export interface LayerModule<S extends LayerPart = LayerPart> {
  readonly kind: S['kind'];
  /** What a model file says of it. */
  readonly schema: Variant<'kind'>;
  /** The part with what the file leaves out filled in, or what is wrong with it. */
  complete(given: S, hiddenSize: number): S | Flaw;
  /** Its operators in order of execution, between the norm before it and the residual addition after. */
  operators(spec: S, context: LayerContext): Operator[];
  /** The part as it is where no sequence is longer than so many tokens: a window or chunk that never binds is none. */
  within?(spec: S, sequence: number): S;
  /** Its queries look back over a window, which not every exchange between context-parallel ranks knows; left out: over all before them. */
  slides?(spec: S): boolean;
  /** The law that a split breaks. */
  constraints(spec: S, split: Split): Reason | null;
  /** It is the whole layer: no norm stands before it, no residual addition after. Left out: a part of a decoder layer. */
  readonly whole?: true;
  /** Bytes of one sample that it passes on; left out: the residual stream, as wide as the model. */
  outputBytes?(spec: S): number;
  /** What it wants to be timed on a GPU and has not, in words; left out, or null: nothing. */
  lacks?(spec: S, gpu: string): string | null;
  /** In words: `32 heads, 8 key-value, 128 wide`. */
  describe(spec: S): string;
  /** Experts that expert parallelism deals out; left out: none. */
  experts?(spec: S): number;
  /**
   * Packages whose kernels it is priced with, which transformers and Megatron take where they are there; without them PyTorch code runs,
   * several times slower and with states of whole sequences kept (modeling_mamba2.py, modeling_qwen3_next.py, modeling_lfm2.py:
   * `is_fast_path_available`). Left out: none beside a framework's own.
   */
  readonly kernelPackages?: readonly string[];
  /** How weak what it says of time is, in words; left out, or null: as sure as GEMMs and attention. */
  weakly?(spec: S): string | null;
}

/** A module that knows its own parts when it sees them. */
export interface Known<S extends LayerPart> extends LayerModule<S> {
  is(part: LayerPart | null): part is S;
}

export function layerModule<S extends LayerPart>(module: LayerModule<S>): Known<S> {
  return { ...module, is: (part): part is S => part?.kind === module.kind };
}
