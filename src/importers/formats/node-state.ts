/** States and flags under which Slurm starts no job (`man sinfo`, NODE STATE CODES; short forms of %t too). */
const UNUSABLE = new Set(
  `DOWN DRAIN DRAINED DRAINING DRNG FAIL FAILING FAILG ERROR MAINT MAINTENANCE NO_RESPOND NOT_RESPONDING
   UNKNOWN UNK INVAL INVALID INVALID_REG FUTURE FUTR NPC PERFCTRS`.split(/\s+/),
);

const USABLE = new Set(
  `ALLOC ALLOCATED BLOCK BLOCKED BOOT CLOUD COMP COMPLETING DYNAMIC_FUTURE DYNAMIC_NORM IDLE MIX MIXED PLANNED
   PLND POW_DN POW_UP POWER_DOWN POWER_UP POWERED_DOWN POWERING_DOWN POWERING_UP REBOOT REBOOT_ISSUED
   REBOOT_REQUESTED RESERVED RESUME RESV`.split(/\s+/),
);

/** Whether jobs run on a node: `MIXED+DRAIN`, `idle*` (no answer) and `idle$` (maintenance) say no. */
export function usable(state: string): boolean {
  return wordsOf(state).every((word) => !UNUSABLE.has(word)) && !/[*$]/.test(state);
}

/** Whether Slurm has a cloud node switched off until a job wants it: `idle~`, `IDLE+CLOUD+POWERED_DOWN`. */
export function asleep(state: string): boolean {
  return /[~%!]$|POWER(?:ED|ING)?_DOWN|POW_DN/i.test(state);
}

export function isState(text: string): boolean {
  const words = wordsOf(text);
  return words.length > 0 && words.every((word) => USABLE.has(word) || UNUSABLE.has(word));
}

/** `IDLE+CLOUD`, `mixed-`: words without the mark at the end. */
function wordsOf(state: string): string[] {
  return state
    .toUpperCase()
    .split(/[^A-Z_]+/)
    .filter((word) => word !== '');
}
