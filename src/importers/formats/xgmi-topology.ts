import { InputError } from '../../domain/input-error.ts';
import { type Facts, nothing, type Where } from '../facts/facts.ts';
import { meshOf } from '../facts/mesh.ts';

/** What a table of link types, as a tool writes it, says of a host's AMD GPUs; it counts no links and names no cards. */
export function xgmiTopology(format: string, rows: readonly (readonly string[])[], where: Where): Facts {
  if (rows.length === 0 || rows.some((row) => row.length !== rows.length))
    throw new InputError({
      message: 'the table of link types has no rows, or rows of other lengths',
      expected: 'a row and a column for each GPU',
      hint: `Maybe the output was cut off: run ${format} again.`,
      at: where,
    });
  const links = rows.map((row) => row.map((cell) => (cell === 'XGMI' ? 1 : 0)));
  const topology = {
    vendor: 'amd',
    gpus: rows.length,
    nvlinks: 0,
    nvlinksPerGpu: 0,
    mesh: meshOf(links),
    links,
    nics: 0,
    nicNames: [],
    portsPerCard: 1,
    nicsNear: false,
    where,
  } as const;
  return { ...nothing(format), topologies: [topology] };
}
