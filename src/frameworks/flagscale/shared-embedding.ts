/** Degrees of the first or the last mesh. */
export interface EndMesh {
  readonly tp: number;
  readonly dp: number;
}

/** Whether the gradients of a word embedding that both ends hold need `use_partial_reduce_for_shared_embedding`. */
export interface SharedEmbedding {
  readonly partialReduce: boolean;
  readonly broken: { readonly actual: string; readonly limit: string } | null;
}

/**
 * Tied embeddings, and layers that predict further tokens, put the word embedding on both ends: the same tensor
 * parallelism there, and with sharded optimizer states data parallelism of which one divides the other (pre_validate_args,
 * flagscale/train/arguments.py@v0.9.0).
 */
export function sharedEmbedding(
  { shares, sharded }: { readonly shares: boolean; readonly sharded: boolean },
  first: EndMesh,
  last: EndMesh,
): SharedEmbedding {
  if (!shares) return { partialReduce: false, broken: null };
  if (first.tp !== last.tp) {
    const broken = {
      actual: `tensor parallelism ${first.tp} and ${last.tp} where the embedding is shared`,
      limit: 'the same on the first and the last mesh',
    };
    return { partialReduce: false, broken };
  }
  if (first.dp === last.dp || !sharded) return { partialReduce: false, broken: null };
  const divides = first.dp % last.dp === 0 || last.dp % first.dp === 0;
  const broken = {
    actual: `${first.dp} and ${last.dp} copies where the embedding is shared`,
    limit: 'numbers of which one divides the other, or no distributed optimizer',
  };
  return { partialReduce: divides, broken: divides ? null : broken };
}
