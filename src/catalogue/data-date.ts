/** Of what day the bundled data are: the latest date that a file of them names for its sources, held to that by a test. */
export const DATA_DATE = '2026-08-22';
