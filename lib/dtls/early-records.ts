/**
 * Records that came before they could be read: ahead of the keys of their epoch, or application data ahead of the peer's
 * Finished or of the layer above (RFC 6347, 4.2.6 leaves it to the receiver; without them a retransmission timeout is lost).
 */

/** How many are kept; what comes beyond is dropped, as by a network. */
export const EARLY_RECORDS = 16
const EARLY_BYTES = 32768

export class EarlyRecords {
  #records: Uint8Array[] = []
  #bytes = 0

  get length(): number {
    return this.#records.length
  }

  /** Keeps a copy of the record `bytes[start, end)`. Returns false when there is no room. */
  keep(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#records.length >= EARLY_RECORDS || this.#bytes + end - start > EARLY_BYTES) return false
    this.#records.push(bytes.slice(start, end))
    this.#bytes += end - start
    return true
  }

  /** All of them, in the order in which they came; none are kept any longer. */
  take(): readonly Uint8Array[] {
    const records = this.#records
    this.#records = []
    this.#bytes = 0
    return records
  }
}
