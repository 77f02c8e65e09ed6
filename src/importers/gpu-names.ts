/** One GPU of the catalogue: nominal memory, GB, and how it is built. */
interface Part {
  readonly id: string;
  readonly gb: number;
  readonly form: Form | null;
}

type Form = 'sxm' | 'pcie' | 'nvl' | 'server' | 'workstation';

/** What a name can mean. */
export interface Product {
  /** Ids of the catalogue, most usual first; several where the name leaves it open. */
  readonly ids: readonly string[];
  /** The catalogue lacks this card: a relative with another form stands in. */
  readonly standIn: boolean;
  /** The card sits in a PCIe slot, whatever its stand-in does. */
  readonly pcie: boolean;
}

const sxm = (id: string, gb: number): Part => ({ id, gb, form: 'sxm' });
const pcie = (id: string, gb: number): Part => ({ id, gb, form: 'pcie' });
const card = (id: string, gb: number): Part => ({ id, gb, form: null });

/** Families by the names that tools and people give them; the parts of a family, most usual first. */
const FAMILIES: readonly (readonly [RegExp, readonly Part[]])[] = [
  [/gb300/, [card('gb300', 288)]],
  [/gb200/, [card('gb200', 186)]],
  [/gh200/, [card('gh200', 96)]],
  [/b300/, [card('b300', 288)]],
  [/b200/, [card('b200', 180)]],
  [/h200/, [sxm('h200-sxm', 141)]],
  [/h800/, [sxm('h800-sxm', 80)]],
  [
    /h100/,
    [
      sxm('h100-sxm', 80),
      pcie('h100-pcie', 80),
      { id: 'h100-nvl', gb: 94, form: 'nvl' },
      sxm('h100-sxm-96-500w', 96),
    ],
  ],
  [/\bh20\b/, [card('h20', 96)]],
  [/a800/, [sxm('a800-80-sxm', 80)]],
  [
    /a100(?!x)/,
    [sxm('a100-80-sxm', 80), sxm('a100-40-sxm', 40), pcie('a100-80-pcie', 80), pcie('a100-40-pcie', 40)],
  ],
  [/v100/, [sxm('v100-sxm2-32', 32), sxm('v100-sxm2-16', 16)]],
  [/rtx ?pro ?6000/, [{ id: 'rtx-pro-6000-server', gb: 96, form: 'server' }]],
  [/6000 ?ada/, [card('rtx-6000-ada', 48)]],
  [/5090/, [card('rtx-5090', 32)]],
  [/4090/, [card('rtx-4090', 24)]],
  [/3090/, [card('rtx-3090', 24)]],
  [/3080/, [card('rtx-3080', 10)]],
  [/3060/, [card('rtx-3060', 12)]],
  [/2080 ?ti/, [card('rtx-2080-ti', 11)]],
  [/titan ?rtx/, [card('titan-rtx', 24)]],
  [/a6000/, [card('rtx-a6000', 48)]],
  [/l40s/, [card('l40s', 48)]],
  [/\bl4\b/, [card('l4', 24)]],
  [/a10g/, [card('a10g', 24)]],
  [/\ba10\b/, [card('a10', 24)]],
  [/\ba30\b/, [card('a30', 24)]],
  [/\ba40\b/, [card('a40', 48)]],
  [/\bt4[sa]?\b/, [card('t4', 16)]],
  [/mi355/, [card('mi355x', 288)]],
  [/mi350/, [card('mi350x', 288)]],
  [/mi325/, [card('mi325x', 256)]],
  [/mi300/, [card('mi300x', 192)]],
  [/mi250/, [card('mi250x', 128), card('mi250x-gcd', 64)]],
  [/mi210/, [card('mi210', 64)]],
  [/gaudi ?3/, [card('gaudi3', 128)]],
  [/gaudi ?2/, [card('gaudi2', 96)]],
];

/** Other silicon under a name that contains one of the above: laptops, Super, D, vGPU and MIG slices, APUs. */
const OTHERS =
  /laptop|mobile|max ?q|super|\bmig\b|\dg\.\d+gb|[ -]\d+[cq]$|90 ?d\b|(?<!208)\d ?ti\b|mi300a|h20 ?3e|gh200 ?144/;

/** Words of vendors around a name. */
const VENDORS = /\b(nvidia|tesla|geforce|quadro|amd|instinct|gpu|rtx|gtx)\b/g;

/** What a tool's name for a GPU and its memory say together; null when the catalogue has nothing like it. */
export function productOf(name: string, memoryMiB: number | null): Product | null {
  const plain = plainOf(name);
  const family = OTHERS.test(plain) ? undefined : FAMILIES.find(([pattern]) => pattern.test(plain));
  if (family === undefined) return null;
  const fitting = ofSize(family[1], memoryMiB === null ? namedGb(plain) : memoryMiB / 1024);
  const form = formOf(plain);
  const same = fitting.filter((part) => form === null || part.form === null || part.form === form);
  const parts = same.length > 0 ? same : fitting;
  if (parts.length === 0) return null;
  return {
    ids: parts.map(({ id }) => id),
    standIn: same.length === 0 || /\bmi250\b/.test(plain),
    pcie: form === 'pcie' || form === 'nvl',
  };
}

/** The catalogue's most usual id of a GPU by the name a tool prints; null when it has none. */
export function gpuIdOf(name: string, memoryMiB: number | null): string | null {
  return productOf(name, memoryMiB)?.ids[0] ?? null;
}

/** a100-40-pcie is an A100; each RTX is a family of its own. */
export function familyOf(id: string): string {
  return /^(?:[avh]100|mi250x)/.exec(id)?.[0] ?? id;
}

/** A name of nothing but the vendor, such as Slurm's `gpu:tesla:4`. */
export function saysNoProduct(name: string): boolean {
  return plainOf(name).replaceAll(VENDORS, '').trim() === '';
}

/** A partition of a GPU by NVIDIA's Multi-Instance GPU: `1g.10gb`. */
export function isSlice(name: string): boolean {
  return /\d+g\.\d+gb|\bmig\b/.test(plainOf(name));
}

function plainOf(name: string): string {
  return name.toLowerCase().replaceAll(/[_-]/g, ' ').trim();
}

/** The parts whose nominal memory is nearest; drivers report up to 15 % below it, and nothing 10 % above. */
function ofSize(parts: readonly Part[], gb: number | null): readonly Part[] {
  if (gb === null) return parts;
  const off = (part: Part) => Math.abs(part.gb - gb);
  const nearest = Math.min(...parts.map(off));
  return parts.filter((part) => off(part) === nearest && gb > part.gb * 0.85 && gb < part.gb * 1.1);
}

/** `a100-40g`, `A100-SXM4-80GB`, `v100_32`; a GH200 names the memory of its CPU, and a GCD is half an MI250X. */
function namedGb(plain: string): number | null {
  if (plain.includes('gh200')) return null;
  if (/\bgcd\b/.test(plain)) return 64;
  const match =
    /\b(\d{2,3}) ?g(?:i?b)?\b/.exec(plain) ?? /\b(?:sxm\d?|pcie|[avh]100s?) (16|32|40|80|94|96)$/.exec(plain);
  return match === null ? null : Number(match[1]);
}

function formOf(plain: string): Form | null {
  if (/sxm|hgx|dgx|\bhbm3\b/.test(plain)) return 'sxm';
  if (/\bnvl\b/.test(plain)) return 'nvl';
  if (/pcie/.test(plain)) return 'pcie';
  if (/workstation/.test(plain)) return 'workstation';
  return null;
}
