/** What a simulated TCP connection has still to send. */

export class Outgoing {
  #pieces: Uint8Array[] = []
  /** Bytes. */
  length = 0

  put(bytes: Uint8Array): void {
    this.#pieces.push(bytes)
    this.length += bytes.length
  }

  /** The next `limit` bytes, or all: from as many pieces as it takes, for a stream knows no borders. */
  take(limit: number): Uint8Array {
    const result = new Uint8Array(Math.min(limit, this.length))
    let filled = 0
    let used = 0
    while (filled < result.length) {
      const first = this.#pieces[used]!
      const part = first.subarray(0, result.length - filled)
      result.set(part, filled)
      filled += part.length
      if (part.length === first.length) used++
      else this.#pieces[used] = first.subarray(part.length)
    }
    this.#pieces = this.#pieces.slice(used)
    this.length -= filled
    return result
  }

  clear(): void {
    this.#pieces = []
    this.length = 0
  }
}
