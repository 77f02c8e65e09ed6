import type { Operator } from '../layers/operator.ts';
import { having } from '../techniques/index.ts';
import type { StageContext } from '../techniques/technique.ts';

const TREATING = having('layer');

/** The operators of a layer as the techniques of a plan leave them, in the order of application. */
export function treated(operators: readonly Operator[], context: StageContext): readonly Operator[] {
  return TREATING.reduce<readonly Operator[]>(
    (list, technique) => technique.layer(technique.of(context.techniques), list, context),
    operators,
  );
}
