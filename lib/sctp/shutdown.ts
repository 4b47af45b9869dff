/** The graceful end (RFC 9260 9.2): SHUTDOWN, SHUTDOWN ACK, SHUTDOWN COMPLETE, and the timers T2 and T5. */

import { setU32 } from '../bytes/index.ts'
import { Timer } from '../machine/index.ts'
import { CHUNK } from './chunk-type.ts'
import type { PacketBuilder } from './packet-builder.ts'
import type { Path } from './path.ts'

/** T5 runs for this many times the largest timeout: five are recommended (9.2), of one that is twenty times as long. */
const GUARD = 20
const NOTHING = new Uint8Array(0)

export class Shutdown {
  /** T2-shutdown. */
  readonly timer = new Timer()
  /** T5-shutdown-guard. */
  readonly guard = new Timer()
  readonly #packets: PacketBuilder
  readonly #path: Path
  readonly #largestTimeout: number

  constructor(packets: PacketBuilder, path: Path, largestTimeout: number) {
    this.#packets = packets
    this.#path = path
    this.#largestTimeout = largestTimeout
  }

  /** The end is wanted; it must come before T5. */
  begin(now: number): void {
    if (!this.guard.running) this.guard.set(now + GUARD * this.#largestTimeout)
  }

  sendShutdown(cumulativeTsn: number, now: number): void {
    const at = this.#packets.chunk(CHUNK.SHUTDOWN, 0, 4, now)
    setU32(this.#packets.bytes, at, cumulativeTsn)
    this.#sent(now)
  }

  sendShutdownAck(now: number): void {
    this.#packets.append(CHUNK.SHUTDOWN_ACK, 0, NOTHING, now)
    this.#sent(now)
  }

  sendComplete(now: number): void {
    this.#packets.append(CHUNK.SHUTDOWN_COMPLETE, 0, NOTHING, now)
    this.#packets.finish(now)
  }

  /** T2 ran out without an answer. */
  missed(): void {
    this.#path.errors++
    this.#path.timeout.backOff()
  }

  stop(): void {
    this.timer.stop()
    this.guard.stop()
  }

  #sent(now: number): void {
    this.timer.set(now + this.#path.timeout.value)
  }
}
