import type { Stack } from '../domain/stack.ts';
import { STACK_RANGES } from '../schema/ranges.ts';
import { stackSchema } from '../schema/stack.ts';
import { dataFolder } from './data-folder.ts';
import { bundled, listNames, readDocument, validateDocument } from './document.ts';
import { quantityAt } from './quantity-at.ts';

const FOLDER = dataFolder('configs', 'stacks');

export function listStacks(): string[] {
  return listNames(FOLDER);
}

/** A software stack by name or path. */
export function loadStack(name: string): Stack {
  const document = readDocument(name.endsWith('.yaml') ? name : bundled('stack', FOLDER, name));
  const {
    schema: _,
    host,
    allocator,
    engineBuffers,
    metricLosses = 0,
    ...rest
  } = validateDocument(document, stackSchema);
  return {
    ...rest,
    metricLosses,
    ...(engineBuffers === undefined
      ? {}
      : {
          engineBuffers: {
            reduceBytes: quantityAt(
              document,
              '/engineBuffers/reduce',
              engineBuffers.reduce,
              'bytes',
              STACK_RANGES.buffer,
            ),
            liveBytes: quantityAt(
              document,
              '/engineBuffers/live',
              engineBuffers.live,
              'bytes',
              STACK_RANGES.buffer,
            ),
          },
        }),
    host: {
      secondsPerUnit: quantityAt(
        document,
        '/host/timePerUnit',
        host.timePerUnit,
        'time',
        STACK_RANGES.timePerUnit,
      ),
      secondsPerStep: quantityAt(
        document,
        '/host/timePerStep',
        host.timePerStep,
        'time',
        STACK_RANGES.timePerStep,
      ),
    },
    allocator: {
      reservedOverAllocated: allocator.reservedOverAllocated,
      contextBytes: quantityAt(
        document,
        '/allocator/context',
        allocator.context,
        'bytes',
        STACK_RANGES.context,
      ),
      bytesPerCommunicator: quantityAt(
        document,
        '/allocator/perCommunicator',
        allocator.perCommunicator,
        'bytes',
        STACK_RANGES.perCommunicator,
      ),
    },
  };
}
