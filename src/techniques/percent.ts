/** A share in per cent as a fraction. */
export function percentMeant(text: string): string | undefined {
  const [, percent] = /^(\d+(?:\.\d+)?)%$/.exec(text) ?? [];
  return percent === undefined || Number(percent) > 100 ? undefined : String(Number(percent) / 100);
}
