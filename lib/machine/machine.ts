/**
 * The contract of every protocol engine here: bytes and time go in, bytes and events come out (ARCHITECTURE.md, 3).
 *
 * - Input methods take `now`; nothing reads a clock or draws randomness by itself.
 * - Bytes leave through a synchronous sink given at construction; events wait in a queue that the owner drains after
 *   each input, so nothing re-enters a machine.
 * - What a peer sends never throws out of a machine: it is dropped and counted, or ends the connection.
 */

export interface Machine {
  /** Monotonic milliseconds at which `advance` must be called next; Infinity when nothing is pending. May be early. */
  readonly deadline: number
  /** Does what is due at `now`. Calling it before the deadline does nothing. */
  advance(now: number): void
}

/** A machine that holds back output to coalesce it: its owner calls `flush` once per turn of the event loop. */
export interface FlushingMachine extends Machine {
  flush(now: number): void
}

/** A source of random bytes: the platform's for real use, a seeded one in `sim/`. */
export interface Random {
  /** Fills `target` and returns it. */
  fill<T extends Uint8Array>(target: T): T
}

export const randomBytes = (random: Random, length: number): Uint8Array<ArrayBuffer> =>
  random.fill(new Uint8Array(length))

/** An unsigned 32-bit number. */
export const randomU32 = (random: Random): number => {
  const b = random.fill(new Uint8Array(4))
  return ((b[0]! << 24) | (b[1]! << 16) | (b[2]! << 8) | b[3]!) >>> 0
}

/** A number in [0, 1), of 32 bits: for jitter and back-off, not for keys. */
export const randomUnit = (random: Random): number => randomU32(random) / 0x1_0000_0000
