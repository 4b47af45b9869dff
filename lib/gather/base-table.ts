/** The bases of a connection by number: how ICE names them, since a number costs nothing to compare. */

import type { Packet } from '../bytes/index.ts'
import type { Base } from './base.ts'

export class BaseTable {
  readonly #bases: (Base | undefined)[] = []

  /** A number for a base that is still to be made. */
  reserve(): number {
    return this.#bases.push(undefined) - 1
  }

  set(number: number, base: Base): void {
    this.#bases[number] = base
  }

  remove(number: number): void {
    this.#bases[number] = undefined
  }

  /** Sends from a base, and releases the packet; one that is gone only releases it. */
  send(packet: Packet, number: number, address: string, port: number): void {
    const base = this.#bases[number]
    if (base === undefined) packet.release()
    else base.send(packet, address, port)
  }
}
