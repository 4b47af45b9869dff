/**
 * Where a connection can be reached, and where its peer can: what gathering finds goes to the session, what the sockets bring
 * too, and the names and addresses of the peer's candidates go the other way.
 */

import type { GatherError } from '../gather/index.ts'
import { type IceCandidate, type LocalCandidateInit, parseCandidate } from '../ice/index.ts'
import type { Session, SessionOptions } from '../session/index.ts'
import type { Configuration } from './configuration.ts'
import { Gathering, type GatheringOwner } from './gathering.ts'
import type { ConnectionHost } from './host-symbol.ts'
import { RTCPeerConnectionIceErrorEvent } from './ice-events.ts'

/** What it asks of its connection. */
export interface ReachabilityOwner {
  readonly closed: boolean
  readonly configuration: Configuration
  readonly session: Session
  now(): number
  queueTask(task: () => void): void
  /** An input has been put into the session from outside of its driver. */
  touch(): void
  /** A datagram has come. */
  receive(packet: Uint8Array, socket: number, address: string, port: number, now: number): void
  /** Fires at the RTCPeerConnection. */
  dispatch(event: Event): void
}

export class Reachability implements GatheringOwner {
  readonly #owner: ReachabilityOwner
  readonly #gathering: Gathering

  constructor(world: ConnectionHost, owner: ReachabilityOwner) {
    this.#owner = owner
    this.#gathering = new Gathering(world, this)
  }

  get configuration(): Configuration {
    return this.#owner.configuration
  }

  readonly transmit: SessionOptions['transmit'] = (packet, socket, address, port) =>
    this.#gathering.send(packet, socket, address, port)

  /** Gathers ahead, by the configuration as it is. */
  fill(): void {
    this.#gathering.fill()
  }

  /** What was gathered ahead and not used is not needed any more. */
  closePool(): void {
    this.#gathering.closePool()
  }

  /** The transport of that mid wants sockets. */
  gather(mid: string): void {
    const transport = this.#owner.session.transports.find(item => item.mid === mid)
    if (transport !== undefined) this.#gathering.gather(mid, transport.ice.localParameters.usernameFragment)
  }

  /** The session has other transports. */
  keep(): void {
    this.#gathering.keep(new Set(this.#owner.session.transports.map(({ mid }) => mid)))
  }

  /** From here on, checks keep what is in use open in the NATs on the way. */
  rest(mid: string): void {
    this.#gathering.rest(mid)
  }

  async resolve(mid: string, candidate: IceCandidate): Promise<void> {
    const owner = this.#owner
    const addresses = await this.#gathering.resolve(candidate.address)
    if (owner.closed) return
    owner.session.resolveName(mid, candidate, addresses, owner.now())
    this.expectPeers()
    owner.touch()
  }

  /** Relays are to hear what comes from the peer's addresses. */
  expectPeers(): void {
    for (const { mid, ice } of this.#owner.session.transports) {
      const addresses = ice.remoteCandidates.flatMap(({ protocol, address }) => (protocol === 'udp' ? [address] : []))
      this.#gathering.expect(mid, addresses)
    }
  }

  close(): void {
    this.#gathering.close()
  }

  // What gatherers and sockets tell

  receive(packet: Uint8Array, socket: number, address: string, port: number, now: number): void {
    this.#owner.receive(packet, socket, address, port, now)
  }

  pathLost(socket: number, address: string, port: number): void {
    this.#owner.session.pathLost(socket, address, port, this.#owner.now())
    this.#owner.touch()
  }

  baseGone(socket: number): void {
    this.#owner.session.removeSocket(socket, this.#owner.now())
    this.#owner.touch()
  }

  candidateFound(mid: string, init: LocalCandidateInit): void {
    this.#owner.session.addLocalCandidate(mid, init, this.#owner.now())
    this.#owner.touch()
  }

  candidatesEnded(mid: string): void {
    this.#owner.session.endOfLocalCandidates(mid, this.#owner.now())
    this.#owner.touch()
  }

  serverFailed(mid: string, { url, address, port, code, text }: GatherError): void {
    const owner = this.#owner
    // The address is the application's business only where a candidate shows it (webrtc-pc, 4.8.3).
    const { localCandidates = [] } = owner.session.transports.find(item => item.mid === mid) ?? {}
    const known = address !== null && localCandidates.some(candidate => parseCandidate(candidate)?.address === address)
    const init = { url, errorCode: code, errorText: text, ...(known && { address, port }) }
    owner.queueTask(() => owner.dispatch(new RTCPeerConnectionIceErrorEvent('icecandidateerror', init)))
  }
}
