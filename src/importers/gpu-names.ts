/** Names that tools and people give GPUs, most exact first; the memory decides between sizes of one name. */
const NAMES: readonly (readonly [RegExp, string | ((gib: number | null) => string)])[] = [
  [/gb300/, 'gb300'],
  [/gb200/, 'gb200'],
  [/gh200/, 'gh200'],
  [/b300/, 'b300'],
  [/b200/, 'b200'],
  [/h200/, 'h200-sxm'],
  [/h800/, 'h800-sxm'],
  [/h100.*nvl/, 'h100-nvl'],
  [/h100.*pcie/, 'h100-pcie'],
  [/h100/, 'h100-sxm'],
  [/\bh20\b/, 'h20'],
  [/a800/, 'a800-80-sxm'],
  [/a100.*pcie/, (gib) => (gib !== null && gib < 60 ? 'a100-40-pcie' : 'a100-80-pcie')],
  [/a100.*40 ?gb/, 'a100-40-sxm'],
  [/a100/, (gib) => (gib !== null && gib < 60 ? 'a100-40-sxm' : 'a100-80-sxm')],
  [/v100/, (gib) => (gib !== null && gib < 24 ? 'v100-sxm2-16' : 'v100-sxm2-32')],
  [/rtx ?pro ?6000/, 'rtx-pro-6000-server'],
  [/rtx ?6000 ?ada/, 'rtx-6000-ada'],
  [/5090/, 'rtx-5090'],
  [/4090/, 'rtx-4090'],
  [/3090/, 'rtx-3090'],
  [/3080/, 'rtx-3080'],
  [/3060/, 'rtx-3060'],
  [/2080/, 'rtx-2080-ti'],
  [/titan rtx/, 'titan-rtx'],
  [/a6000/, 'rtx-a6000'],
  [/l40s/, 'l40s'],
  [/\bl4\b/, 'l4'],
  [/a10g/, 'a10g'],
  [/\ba10\b/, 'a10'],
  [/\ba30\b/, 'a30'],
  [/\ba40\b/, 'a40'],
  [/\bt4[sa]?\b/, 't4'],
  [/mi355/, 'mi355x'],
  [/mi350/, 'mi350x'],
  [/mi325/, 'mi325x'],
  [/mi300/, 'mi300x'],
  [/mi250/, 'mi250x'],
  [/mi210/, 'mi210'],
  [/gaudi ?3/, 'gaudi3'],
  [/gaudi ?2/, 'gaudi2'],
];

/** The catalogue's id of a GPU by the name a tool prints; null when it has none. */
export function gpuIdOf(name: string, memoryMiB: number | null): string | null {
  const plain = name.toLowerCase().replaceAll('_', ' ').replaceAll('-', ' ');
  for (const [pattern, id] of NAMES)
    if (pattern.test(plain))
      return typeof id === 'string' ? id : id(memoryMiB === null ? null : memoryMiB / 1024);
  return null;
}
