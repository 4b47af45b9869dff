/**
 * Records that came before they could be used: ahead of the keys of their epoch, or application data ahead of the peer's
 * Finished or of the layer above (RFC 6347, 4.2.6 and RFC 9147, 4.2.1 leave it to the receiver; without them a
 * retransmission timeout is lost).
 */

/** How many are kept; what comes beyond is dropped, as by a network. */
export const EARLY_RECORDS = 16
const EARLY_BYTES = 32768

export interface EarlyRecord {
  readonly bytes: Uint8Array
  /** Of those that are open already. */
  readonly epoch: number
  readonly sequence: number
}

export class EarlyRecords {
  #records: EarlyRecord[] = []
  #bytes = 0

  get length(): number {
    return this.#records.length
  }

  /** Keeps a copy of `bytes[start, end)`, a whole record or the content of one. Returns false when there is no room. */
  keep(bytes: Uint8Array, start: number, end: number, epoch = 0, sequence = 0): boolean {
    if (this.#records.length >= EARLY_RECORDS || this.#bytes + end - start > EARLY_BYTES) return false
    this.#records.push({ bytes: bytes.slice(start, end), epoch, sequence })
    this.#bytes += end - start
    return true
  }

  /** All of them, in the order in which they came; none are kept any longer. */
  take(): readonly EarlyRecord[] {
    const records = this.#records
    this.#records = []
    this.#bytes = 0
    return records
  }
}
