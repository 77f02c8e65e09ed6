/**
 * Quantities inside the program are plain SI numbers: bytes, seconds, bytes per second, FLOP per second, watts.
 * Prefixes exist only in files (`parse`) and in what people read (`format`).
 */
export const GiB = 2 ** 30;
