import type { GpuForm, GpuSpec } from '../domain/gpu.ts';
import { allGpus, listGpus, loadGpu } from './gpus.ts';

/** What a name can mean. */
export interface Product {
  /** Ids of the catalogue, most usual first; several where the name leaves it open. */
  readonly ids: readonly string[];
  /** The catalogue lacks this card: a relative with another form stands in. */
  readonly standIn: boolean;
  /** The card sits in a PCIe slot, whatever its stand-in does. */
  readonly pcie: boolean;
  /** Its memory, MiB, where it is of another size than every card of that name; null: of one of theirs. */
  readonly ownMemoryMiB: number | null;
}

/** A name of the catalogue found in a tool's name, and what the tool's name says beside it. */
interface Found {
  readonly gpus: readonly GpuSpec[];
  readonly rest: string;
  readonly standIn: boolean;
}

/** Other silicon under a name of the catalogue: laptops, Super, Ti and D, vGPU and MIG slices. */
const OTHERS = /laptop|mobile|max ?q|super|\bti\b|\bd\b|\bmig\b|\dg\.\d+gb|(^| )\d+[cq]$/;

/** Words of vendors around a name, and of forms after it. */
const VENDOR = 'nvidia|tesla|geforce|quadro|amd|instinct|radeon|huawei|ascend|gpu|rtx|gtx';
const FORM = 'sxm|pcie|nvl(?!\\d)|hbm';

/** What a tool's name for a GPU and its memory say together; null when the catalogue has nothing like it. */
export function productOf(name: string, memoryMiB: number | null): Product | null {
  const plain = plainOf(name);
  const found = foundIn(plain);
  if (found === null || OTHERS.test(found.rest)) return null;
  const gb = memoryMiB === null ? namedGb(found) : memoryMiB / 1024;
  const form = formOf(plain);
  const alike = found.gpus.filter(
    ({ product }) => [form, product.form].includes(null) || product.form === form,
  );
  const same = ofSize(alike, gb);
  const fits = same.length > 0 ? same : ofSize(found.gpus, gb);
  if (fits.length === 0) return ofAnotherSize(found, alike, gb!, memoryMiB, form);
  return {
    ids: fits.map(({ id }) => id),
    standIn: same.length === 0 || found.standIn,
    pcie: inSlot(form),
    ownMemoryMiB: null,
  };
}

/** A known card with a memory of its own: the one of that name whose memory is nearest, with the memory as stated. */
function ofAnotherSize(
  { gpus, standIn }: Found,
  alike: readonly GpuSpec[],
  gb: number,
  reportedMiB: number | null,
  form: GpuForm | null,
): Product {
  const off = ({ product }: GpuSpec) => Math.abs(product.memoryGb - gb);
  const [nearest] = (alike.length > 0 ? alike : gpus).toSorted((a, b) => off(a) - off(b));
  return {
    ids: [nearest!.id],
    standIn,
    pcie: inSlot(form),
    // A name states 10⁹ bytes.
    ownMemoryMiB: reportedMiB ?? Math.floor((gb * 1e9) / 2 ** 20),
  };
}

/** The catalogue's most usual id of a GPU by the name a tool prints; null when it has none. */
export function gpuIdOf(name: string, memoryMiB: number | null): string | null {
  return productOf(name, memoryMiB)?.ids[0] ?? null;
}

/**
 * The id of what people and tools call a GPU: `h100`, `a100-40gb`, `NVIDIA H100 80GB HBM3`; the word itself where it names
 * none. `open`: the word fits several, and the most usual is taken.
 */
export function gpuCalled(word: string): { readonly id: string; readonly open: boolean } {
  if (word.endsWith('.yaml') || listGpus().includes(word)) return { id: word, open: false };
  const lower = word.toLowerCase();
  if (listGpus().includes(lower)) return { id: lower, open: false };
  const plain = plainOf(word);
  const found = foundIn(plain);
  const product = found === null || !found.rest.split(' ').every(isKnownWord) ? null : productOf(word, null);
  return product === null || product.standIn || product.ownMemoryMiB !== null
    ? { id: word, open: false }
    : { id: product.ids[0]!, open: product.ids.length > 1 };
}

/** Words that stand around a product's name: a vendor, a form, a memory. Any other is a slip or another product. */
function isKnownWord(word: string): boolean {
  return new RegExp(
    `^(|${VENDOR}|pro|sxm\\d?|pcie|nvl|hbm\\de?|oam|hgx|dgx|gcd|\\d+|g|gb|gib|\\d+g(i?b)?|blackwell|ada|server|workstation|edition|generation)$`,
  ).test(word);
}

/** a100-40-pcie is an A100; each RTX is a family of its own. */
export function sameFamily(a: string, b: string): boolean {
  const { names } = loadGpu(b).product;
  return loadGpu(a).product.names.some((name) => names.includes(name));
}

/** Whether a form is a card in a slot, not a board with a switch. */
export function inSlot(form: GpuForm | null): boolean {
  return form === 'pcie' || form === 'nvl';
}

/** A name of nothing but the vendor, such as Slurm's `gpu:tesla:4`. */
export function saysNoProduct(name: string): boolean {
  return (
    plainOf(name)
      .replaceAll(new RegExp(`\\b(${VENDOR})\\b`, 'g'), '')
      .trim() === ''
  );
}

/** A partition of a GPU by NVIDIA's Multi-Instance GPU: `1g.10gb`. */
export function isSlice(name: string): boolean {
  return /\d+g\.\d+gb|\bmig\b/.test(plainOf(name));
}

/** Lower case, with a space between vendor, name and form: `teslaV100-SXM2_32GB` is `tesla v100 sxm2 32gb`. */
function plainOf(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[_-]/g, ' ')
    .replaceAll(new RegExp(`(?<![a-z])(${VENDOR})(?=[a-z0-9])`, 'g'), '$1 ')
    .replaceAll(new RegExp(`(?<=[a-z0-9])(${FORM})`, 'g'), ' $1')
    .replaceAll(/(^| )\d+x(?=[a-z])/g, '$1')
    .trim();
}

/** The longest name of the catalogue that stands in a tool's name as words. */
function foundIn(plain: string): Found | null {
  let best: { spelling: string; standIn: boolean } | null = null;
  const gpus = allGpus();
  for (const { product } of gpus)
    for (const standIn of [false, true])
      for (const spelling of standIn ? product.standsInFor : product.names)
        if ((best === null || spelling.length > best.spelling.length) && patternOf(spelling).test(plain))
          best = { spelling, standIn };
  if (best === null) return null;
  const { spelling, standIn } = best;
  const called = gpus
    .filter(({ product }) => (standIn ? product.standsInFor : product.names).includes(spelling))
    .sort((a, b) => a.product.rank - b.product.rank);
  if (called.some(({ product }) => product.others.some((other) => plain.includes(other)))) return null;
  return { gpus: called, rest: plain.replace(patternOf(spelling), ' ').trim(), standIn };
}

/** A spelling's words, spaces optional, with no letter or digit before or after. */
function patternOf(spelling: string): RegExp {
  return new RegExp(`(?<![a-z0-9])${spelling.replaceAll(' ', ' ?')}(?![a-z0-9])`);
}

/** Those whose nominal memory is nearest; drivers report up to 15 % below it, and nothing 10 % above. */
function ofSize(gpus: readonly GpuSpec[], gb: number | null): readonly GpuSpec[] {
  if (gb === null) return gpus;
  const off = ({ product }: GpuSpec) => Math.abs(product.memoryGb - gb);
  const nearest = Math.min(...gpus.map(off));
  return gpus.filter(
    (gpu) => off(gpu) === nearest && gb > gpu.product.memoryGb * 0.85 && gb < gpu.product.memoryGb * 1.1,
  );
}

/** `a100-40g`, `A100-SXM4-80GB`, or a last number that is the memory of one of them: `v100_32`. */
function namedGb({ gpus, rest }: Found): number | null {
  if (gpus.some(({ product }) => product.namesHostMemory)) return null;
  const stated = /\b(\d{2,3}) ?g(?:i?b)?\b/.exec(rest)?.[1];
  if (stated !== undefined) return Number(stated);
  const last = Number(/(?:^| )(\d{2,3})$/.exec(rest)?.[1]);
  return gpus.some(({ product }) => product.memoryGb === last) ? last : null;
}

function formOf(plain: string): GpuForm | null {
  if (/sxm|hgx|dgx|\bhbm3\b/.test(plain)) return 'sxm';
  if (/\bnvl\b/.test(plain)) return 'nvl';
  if (/pcie/.test(plain)) return 'pcie';
  if (/workstation/.test(plain)) return 'workstation';
  return /\bgcd\b/.test(plain) ? 'gcd' : null;
}
