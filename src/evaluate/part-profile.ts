import type { Parameters } from '../techniques/holding.ts';
import type { LayerAmounts } from '../techniques/traffic.ts';
import type { OperatorMemory } from './memory/operator-memory.ts';
import type { LayerTime } from './time/layer-time.ts';

/**
 * Time and memory of one layer of a kind, or of an end of the model. A search asks the time of all that it looks at, and
 * memory only of what it cannot rule out by time: that is worked out when first asked.
 */
export class PartProfile implements LayerAmounts {
  readonly time: LayerTime;
  private readonly remembered: () => OperatorMemory;
  private known: OperatorMemory | undefined;

  constructor(time: LayerTime, memory: () => OperatorMemory) {
    this.time = time;
    this.remembered = memory;
  }

  get memory(): OperatorMemory {
    this.known ??= this.remembered();
    return this.known;
  }

  /** As an end of the model: without what is the model's embedding used again, which stands on the same stage. */
  get asEnd(): LayerAmounts & { readonly time: LayerTime } {
    const owned = () => this.memory.ownedUntied;
    const kept = () => this.memory;
    return {
      time: this.time,
      end: true,
      get kept() {
        return kept();
      },
      get parameters() {
        return owned().parameters;
      },
      get trained() {
        return owned().trained;
      },
      get frozen() {
        return owned().frozen;
      },
      get frozenBytes() {
        return owned().frozenBytes;
      },
      get liveBytes() {
        return owned().liveBytes;
      },
    };
  }

  get parameters(): Parameters {
    return this.memory.owned.parameters;
  }

  get trained(): Parameters {
    return this.memory.owned.trained;
  }

  get frozen(): Parameters {
    return this.memory.owned.frozen;
  }

  get frozenBytes(): Parameters {
    return this.memory.owned.frozenBytes;
  }

  get kept(): OperatorMemory {
    return this.memory;
  }

  get liveBytes(): Parameters {
    return this.memory.owned.liveBytes;
  }

  /** The same with another time. */
  timed(time: LayerTime): PartProfile {
    return time === this.time ? this : new PartProfile(time, () => this.memory);
  }
}
