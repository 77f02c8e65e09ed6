import { isKind, type Made, type Value } from '../../foreign/python/value.ts';

/** `FullAC` of `FullAC.Config()`, `model_registry` of `model_registry("8B")`; null: another call, or none. */
export function classOf(value: Value | undefined): string | null {
  if (!isKind(value, 'made')) return null;
  const owner = isKind(value.by, 'field') && value.by.name === 'Config' ? value.by.of : value.by;
  const name = isKind(owner, 'named', 'field') ? owner.name : '';
  return /^[A-Z]/.test(name) || name === 'model_registry' ? name : null;
}

/** What `name.Config()` makes. */
export function configOf(name: string): Made {
  return {
    kind: 'made',
    by: { kind: 'named', name, module: null },
    args: [],
    keywords: new Map(),
    open: false,
    text: `${name}.Config()`,
    line: 1,
  };
}
