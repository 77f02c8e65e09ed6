/** Rows of the embedding table after padding to a multiple of padding · shards. */
function paddedVocabulary(vocabSize: number, padding: number, shards: number): number {
  const unit = Math.max(1, padding) * shards;
  return Math.ceil(vocabSize / unit) * unit;
}

/** Rows of the table that one GPU holds: tensor parallelism and the stages that share the vocabulary split them. */
export function vocabularyRows(vocabSize: number, padding: number, shards: number): number {
  return paddedVocabulary(vocabSize, padding, shards) / shards;
}
