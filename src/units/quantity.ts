/**
 * Quantities inside the program are plain SI numbers: bytes, seconds, bytes per second, FLOP per second, watts.
 * Prefixes exist only in files (`parse`) and in what people read (`format`).
 */
export const KiB = 2 ** 10;
export const MiB = 2 ** 20;
export const GiB = 2 ** 30;
export const GB = 1e9;
export const TERA = 1e12;
export const MICRO = 1e-6;
