import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { InputProblem } from '../../../src/domain/input-error.ts';
import type { Plan } from '../../../src/domain/plan.ts';
import type { Reason } from '../../../src/domain/reason.ts';
import type {
  Certificate,
  IdleGroup,
  PartitionProof,
  PlacementSummary,
  WhatIf,
} from '../../../src/domain/search-result.ts';
import type { Violation } from '../../../src/frameworks/port/reader.ts';
import type { degreesOf } from '../../../src/plan-text/degrees.ts';
import type { ErrorDocument } from '../../../src/schema/error.ts';
import type { CostedDocument } from '../../../src/schema/estimate.ts';
import { published, SCHEMAS } from '../../../src/schema/index.ts';
import type { LaunchDocument } from '../../../src/schema/launch.ts';
import type { PlanDocument, RankedDocument } from '../../../src/schema/plan.ts';
import type { ValidationDocument } from '../../../src/schema/validation.ts';

describe('a published schema', () => {
  it.each(Object.entries(SCHEMAS))('%s is one, by its meta-schema and in strict mode', (_, schema) => {
    const ajv = new Ajv2020({ strictRequired: false, allowUnionTypes: true, discriminator: true });
    expect(() => ajv.compile(JSON.parse(published(schema)))).not.toThrow();
  });
});

it('what is written whole has the keys of its schema and no others', () => {
  expectTypeOf<Certificate>().toEqualTypeOf<PlanDocument['certificate']>();
  expectTypeOf<IdleGroup>().toEqualTypeOf<PlanDocument['idle'][number]>();
  expectTypeOf<PlacementSummary | null>().toEqualTypeOf<PlanDocument['placement']>();
  expectTypeOf<WhatIf['slowLinks']>().toEqualTypeOf<PlanDocument['slowLinks']>();
  expectTypeOf<PartitionProof | null>().toEqualTypeOf<RankedDocument['partition']>();
  expectTypeOf<Reason>().toEqualTypeOf<
    NonNullable<PlanDocument['whyNot']>['rejected'][number]['example']['reason']
  >();
  type Degrees = ReturnType<typeof degreesOf>;
  expectTypeOf<Pick<Degrees, keyof Degrees>>().toEqualTypeOf<CostedDocument['parallel']>();
  expectTypeOf<Plan>().toEqualTypeOf<CostedDocument['plan']>();
  expectTypeOf<Plan>().toEqualTypeOf<LaunchDocument['plan']>();
  expectTypeOf<Omit<Violation, 'warning'>>().toEqualTypeOf<ValidationDocument['violations'][number]>();
  expectTypeOf<InputProblem>().toEqualTypeOf<Omit<ErrorDocument, 'schema' | 'exitCode'>>();
});
