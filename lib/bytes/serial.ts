/**
 * Serial-number arithmetic (RFC 1982): sequence numbers that wrap.
 *
 * `a` is after `b` when it is less than half the number space ahead. Never compare them with `<`.
 */

/** `a - b` of two 32-bit serial numbers, from -2^31 to 2^31 - 1. */
export const diff32 = (a: number, b: number): number => (a - b) | 0

/** `a + n` in 32 bits. */
export const add32 = (a: number, n: number): number => (a + n) >>> 0

/** Whether `a` comes after `b`, in 32 bits. */
export const after32 = (a: number, b: number): boolean => ((a - b) | 0) > 0

/** `a - b` of two 16-bit serial numbers, from -2^15 to 2^15 - 1. */
export const diff16 = (a: number, b: number): number => ((a - b) << 16) >> 16

/** `a + n` in 16 bits. */
export const add16 = (a: number, n: number): number => (a + n) & 0xffff

/** Whether `a` comes after `b`, in 16 bits. */
export const after16 = (a: number, b: number): boolean => diff16(a, b) > 0
