import type { ShapeDocument } from '../schema/shape.ts';
import { shapeSchema } from '../schema/shape.ts';
import { dataFolder } from './data-folder.ts';
import { bundled, listNames, readDocument, validateDocument } from './document.ts';

const FOLDER = dataFolder('hardware-profiles', 'shapes');
const loaded = new Map<string, ShapeDocument>();

/** Types of hosts that clouds rent, by id. */
export function listShapes(): string[] {
  return listNames(FOLDER);
}

export function loadShape(id: string): ShapeDocument {
  const known = loaded.get(id);
  if (known !== undefined) return known;
  const shape = validateDocument(readDocument(bundled('shape', FOLDER, id)), shapeSchema);
  loaded.set(id, shape);
  return shape;
}

/** The shape that a label or feature names: `p5.48xlarge`, `Standard_ND96isr_H100_v5`, `p5-dy-1`; null: none. */
export function shapeCalled(word: string): ShapeDocument | null {
  const lower = word.toLowerCase();
  const begins = (type: string) =>
    lower === type || (lower.startsWith(type) && !/[a-z0-9]/.test(lower[type.length]!));
  const named = listShapes()
    .map(loadShape)
    .flatMap((shape) => shape.types.filter(begins).map((type) => ({ shape, length: type.length })))
    .toSorted((a, b) => b.length - a.length);
  return named[0]?.shape ?? null;
}

/** `aws-p5x16`, `gcp-a3-mega-x4`, `oci-h100`: a shape, and of how many hosts; null: neither. */
export function shapeAndCount(
  name: string,
): { readonly shape: ShapeDocument; readonly hosts: number | null } | null {
  const [, id, count] = /^(.+?)(?:-?x([1-9]\d{0,5}))?$/.exec(name.toLowerCase()) ?? [];
  if (id === undefined) return null;
  if (listShapes().includes(name.toLowerCase())) return { shape: loadShape(name.toLowerCase()), hosts: null };
  if (listShapes().includes(id))
    return { shape: loadShape(id), hosts: count === undefined ? null : Number(count) };
  const called = shapeCalled(id);
  return called?.types.includes(id) === true
    ? { shape: called, hosts: count === undefined ? null : Number(count) }
    : null;
}

/** A cluster of such hosts as the text of a file. */
export function shapeCluster(
  { shape, hosts }: NonNullable<ReturnType<typeof shapeAndCount>>,
  name: string,
): string {
  const { id, gpu, gpusPerNode, intraNode, nic, fastDomainGpus } = shape;
  const unsaid = hosts === null ? [`how many hosts: one (${id}x16 are sixteen)`] : [];
  const guessed = shape.provenance === 'assumed' ? [`what ${shape.name} has: ${shape.source}`] : [];
  return `${[
    'schema: shardwright.cluster/1',
    `name: ${JSON.stringify(name)}`,
    ...(unsaid.length > 0 ? [`assumed: ${JSON.stringify(unsaid)}`] : []),
    'groups:',
    `  - id: ${id}`,
    `    gpu: ${gpu}`,
    `    nodes: ${hosts ?? 1}`,
    `    gpusPerNode: ${gpusPerNode}`,
    `    intraNode: ${intraNode}`,
    `    nic: { link: ${nic.link}, perNode: ${nic.perNode} }`,
    ...(fastDomainGpus === undefined ? [] : [`    fastDomainGpus: ${fastDomainGpus}`]),
    ...(guessed.length > 0 ? [`    assumed: ${JSON.stringify(guessed)}`] : []),
  ].join('\n')}\n`;
}
