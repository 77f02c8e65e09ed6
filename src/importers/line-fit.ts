/** t = latency + bytes / bandwidth by least squares on relative error, so that small and large sizes count alike. */
export function alphaBeta(points: readonly { readonly bytes: number; readonly seconds: number }[]): {
  latency: number;
  bandwidth: number;
} | null {
  const used = points.filter(({ bytes, seconds }) => bytes > 0 && seconds > 0);
  if (used.length < 2) return null;
  let [sw, sx, sxx, sy, sxy] = [0, 0, 0, 0, 0];
  for (const { bytes, seconds } of used) {
    const w = 1 / seconds ** 2;
    sw += w;
    sx += w * bytes;
    sxx += w * bytes * bytes;
    sy += w * seconds;
    sxy += w * bytes * seconds;
  }
  const slope = (sw * sxy - sx * sy) / (sw * sxx - sx * sx);
  const latency = (sy - slope * sx) / sw;
  if (!(slope > 0)) return null;
  return { latency: Math.max(0, latency), bandwidth: 1 / slope };
}
