/** One of them: what a step of the model is counted in. */
export function throughput<const S>(value: S) {
  return {
    tokensPerSecond: value,
    samplesPerSecond: { ...value, description: 'In the place of tokens: of models without sequences.' },
  } as { readonly tokensPerSecond: S; readonly samplesPerSecond: S };
}
