/** The file that --calibration names; undefined: none. */
export function calibrationOf(flags: Readonly<Record<string, unknown>>): string | undefined {
  return flags.calibration === undefined ? undefined : String(flags.calibration);
}
