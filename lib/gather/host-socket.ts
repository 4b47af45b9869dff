/**
 * A UDP base of this machine, and the servers that are asked from it: what they answer goes to who has asked, everything
 * else to ICE. A relay reached from here shares the socket, so that one binding of a NAT serves for both (RFC 8445, 5.1.1.2).
 */

import type { DatagramSink, InterfaceAddress } from '../machine/index.ts'
import type { Base } from './base.ts'

/** One conversation with a server. */
export interface ServerFlow {
  /** Takes a datagram of the server's; false when it is not meant for this flow. Borrowed. */
  receive(packet: Uint8Array, now: number): boolean
}

export class HostSocket {
  /** By the server's address and port. */
  readonly #flows = new Map<string, Map<number, ServerFlow[]>>()
  /** Those of them that take all that their server says. */
  readonly #relays = new Set<ServerFlow>()
  readonly #sink: DatagramSink
  base: Base | undefined

  /** @param sink Takes what comes from elsewhere than the servers. */
  constructor(
    readonly number: number,
    readonly interfaceAddress: InterfaceAddress,
    /** Whether other connections use the same port: then no server may take it for this one's (RFC 8656, 3.1). */
    readonly shared: boolean,
    sink: DatagramSink,
  ) {
    this.#sink = sink
  }

  /** @param isBinding Whether it knows what is its own, and is asked before one that takes all the rest. */
  addFlow(address: string, port: number, flow: ServerFlow, isBinding: boolean): void {
    let ports = this.#flows.get(address)
    if (ports === undefined) {
      ports = new Map()
      this.#flows.set(address, ports)
    }
    const flows = ports.get(port) ?? []
    ports.set(port, isBinding ? [flow, ...flows] : [...flows, flow])
    if (!isBinding) this.#relays.add(flow)
  }

  /** Whether an allocation at that server is reached from here: the server would take another one for the same. */
  hasRelay(address: string, port: number): boolean {
    return (
      this.#flows
        .get(address)
        ?.get(port)
        ?.some(flow => this.#relays.has(flow)) ?? false
    )
  }

  removeFlow(address: string, port: number, flow: ServerFlow): void {
    this.#relays.delete(flow)
    const ports = this.#flows.get(address)
    const left = ports?.get(port)?.filter(other => other !== flow) ?? []
    if (left.length > 0) ports?.set(port, left)
    else ports?.delete(port)
    if (ports?.size === 0) this.#flows.delete(address)
  }

  readonly receive: DatagramSink = (packet, address, port, now) => {
    if (this.#flows.size > 0) {
      const flows = this.#flows.get(address)?.get(port)
      if (flows !== undefined) for (const flow of flows) if (flow.receive(packet, now)) return
    }
    this.#sink(packet, address, port, now)
  }

  close(): void {
    this.base?.close()
    this.#flows.clear()
    this.#relays.clear()
  }
}
