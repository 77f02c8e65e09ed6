import { listModels, loadModel } from '../../src/catalogue/models.ts';
import type { LayerPart } from '../../src/domain/model.ts';
import { FRAMEWORKS } from '../../src/frameworks/index.ts';
import { FEED_FORWARDS } from '../../src/layers/ffn/index.ts';
import { moduleOf, partsOf } from '../../src/layers/layer.ts';
import { MIXERS } from '../../src/layers/mixers/index.ts';
import { WHOLE_LAYERS } from '../../src/layers/whole/index.ts';
import { familyTables } from './families.ts';

/** A part of each kind, and the preset that has it. */
function usesOf(): ReadonlyMap<string, { readonly part: LayerPart; readonly preset: string }> {
  const uses = listModels().flatMap((preset) =>
    loadModel(preset).value.kinds.flatMap((kind) =>
      partsOf(kind).map((part) => [part.kind, { part, preset }] as const),
    ),
  );
  return new Map([...uses].reverse());
}

/** Kinds of layer part: what a model file says of each, which presets have it, how surely its time is known, who runs it. */
function layerKindTable(): string {
  const uses = usesOf();
  const rows = [...MIXERS, ...FEED_FORWARDS, ...WHOLE_LAYERS].map(({ kind, schema }) => {
    const { required, properties } = schema;
    const keys = (list: readonly string[]) => list.map((key) => `\`${key}\``).join(', ');
    const needed = required.filter((key) => key !== 'kind');
    const left = Object.keys(properties).filter((key) => key !== 'kind' && !needed.includes(key));
    const use = uses.get(kind)!;
    const runs = FRAMEWORKS.filter(({ express }) => express.layers.includes(kind)).map(({ name }) => name);
    const said = `${keys(needed)}${left.length === 0 ? '' : `; may: ${keys(left)}`}`;
    const weak =
      moduleOf(use.part)
        .weakly?.(use.part)
        ?.replace(/^[^:]*: /, '') ?? 'as GEMMs and attention';
    return `| \`${kind}\` | ${said} | \`${use.preset}\` | ${weak} | ${runs.length === 0 ? 'no framework here' : runs.join(', ')} |`;
  });
  return `Kinds of layer part, mixers first, and whole layers last. Whoever does not run one refuses it by name.

| kind | keys in YAML | for one | its time | run by |
|---|---|---|---|---|
${rows.join('\n')}
`;
}

/** Families, then kinds of layer part: what docs/models.md has between its marks. */
export function modelTables(): string {
  return `${familyTables()}\n${layerKindTable()}`;
}
