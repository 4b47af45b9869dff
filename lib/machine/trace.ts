/** Where a machine tells what it does, for a person to read: packets in the clear, key log lines, events. */

export interface TraceSink {
  /**
   * A packet that a layer sent or received, before protection or after its removal. Borrowed: copy what is kept.
   * @param layer The room's name, as `sctp`.
   */
  packet?(layer: string, direction: 'in' | 'out', bytes: Uint8Array, now: number): void
  /** One line of an NSS key log (SSLKEYLOGFILE), without its line end. */
  keyLog?(line: string): void
  /** Something that happened: a state that changed, a packet that was dropped and why. */
  event?(layer: string, name: string, detail: Readonly<Record<string, unknown>>, now: number): void
}
