/**
 * A transport as one or more m-sections see it: credentials, gathering, and what of the remote description has been
 * applied to it (RFC 9429, sections 5.9 to 5.11).
 */

import {
  formatCandidate,
  type IceCandidate,
  type IceParameters,
  type LocalCandidateInit,
  parseCandidate,
} from '../ice/index.ts'
import type { AppliedMedia } from '../jsep/index.ts'
import { Transport, type TransportOptions } from '../transport/index.ts'
import type { GatheringState } from './events.ts'

export interface AnnouncedCandidate {
  readonly candidate: IceCandidate
  /** Its candidate-attribute. */
  readonly text: string
}

export class SessionTransport {
  readonly transport: Transport
  /** The m-section of our newest description that carries it: the BUNDLE-tagged one of those that use it. */
  sdpMid: string
  mLineIndex = 0
  gatheringState: GatheringState = 'new'
  /** Addresses of this host that bases were bound to. */
  readonly #ownAddresses = new Set<string>()
  /** Candidate-attributes of the present generation, as they stand in a description. */
  localCandidates: string[] = []
  /** Candidates from before a restart that the owner has not named again. */
  #standing: IceCandidate[] = []
  /** Our user-name fragment when the peer's credentials were taken last. */
  #answered: string | undefined
  /** The remote end-of-candidates of this user-name fragment has been passed on. */
  #remoteEnded: string | undefined
  /** Candidate lines of remote descriptions that could not be read, and so were left out (RFC 8839, 5.1). */
  unreadableCandidates = 0

  constructor(
    /** The transport's name: the mid of the m-section that carried it first. */
    readonly mid: string,
    options: TransportOptions,
  ) {
    this.sdpMid = mid
    this.transport = new Transport(options)
  }

  get ice() {
    return this.transport.ice
  }

  get dtls() {
    return this.transport.dtls
  }

  get dtlsState() {
    return this.transport.dtlsState
  }

  /** Whether a datagram to this address stays on this host, as far as our bases show. */
  readonly isOwnAddress = (address: string): boolean => this.#ownAddresses.has(address)

  /** Undefined when there is nothing to tell the peer: it says no more than others do, or is not to be told. */
  addLocal(init: LocalCandidateInit, now: number): AnnouncedCandidate | undefined {
    if (init.type === 'host') this.#ownAddresses.add(init.baseAddress ?? init.address)
    const candidate = this.ice.addLocalCandidate(init, now) ?? this.#takeStanding(init)
    if (candidate === undefined) return undefined
    const text = formatCandidate(candidate)
    this.localCandidates.push(text)
    return { candidate, text }
  }

  /** What it is related to is told as it is named now: it may be that this is to be hidden since. */
  #takeStanding(init: LocalCandidateInit): IceCandidate | undefined {
    const { type, protocol = 'udp', tcpType, address, port, relatedAddress, relatedPort } = init
    const at = this.#standing.findIndex(
      item =>
        item.port === port &&
        item.address === address &&
        item.type === type &&
        item.protocol === protocol &&
        item.tcpType === tcpType,
    )
    const [standing] = at < 0 ? [] : this.#standing.splice(at, 1)
    if (standing === undefined) return undefined
    const { relatedAddress: _address, relatedPort: _port, ...candidate } = standing
    return {
      ...candidate,
      ...(relatedAddress !== undefined && { relatedAddress }),
      ...(relatedPort !== undefined && { relatedPort }),
    }
  }

  /**
   * Takes new local credentials into use, or those of before when an offer was rolled back. The bases stay; the peer is
   * told of each candidate again when the owner names it again.
   */
  restart(parameters: IceParameters, now: number): void {
    this.localCandidates = []
    this.#standing = this.ice.restart(parameters, now)
  }

  /** Both descriptions of the m-section are known: connectivity checks and DTLS may begin. */
  applyRemote(media: AppliedMedia, now: number): void {
    const { remote, dtlsRole } = media
    if (remote === undefined || dtlsRole === undefined) return
    const known = this.ice.remoteParameters
    if (known?.usernameFragment !== remote.usernameFragment || known.password !== remote.password) {
      const { usernameFragment, password, iceLite, iceOptions } = remote
      const renomination = iceOptions.includes('renomination')
      // A restart changes the credentials of both sides (RFC 9429, 5.10). New ones of the peer's alone are somebody
      // else's: the answer of another callee than the one whose provisional answer came before.
      const { usernameFragment: ours } = this.ice.localParameters
      const otherPeer = known !== undefined && this.#answered === ours
      this.#answered = ours
      this.ice.setRemoteParameters({ usernameFragment, password, iceLite, renomination }, now, { otherPeer })
    }
    for (const text of remote.candidates) {
      const candidate = parseCandidate(text)
      if (candidate === undefined) this.unreadableCandidates++
      else this.ice.addRemoteCandidate(candidate, now)
    }
    if (remote.endOfCandidates) this.endOfRemoteCandidates(now)
    this.transport.startDtls(dtlsRole, remote.fingerprints, now)
  }

  /** A trickled candidate of the generation in use; one of a generation to come waits in the description. */
  addRemote(candidate: IceCandidate, usernameFragment: string | null, now: number): void {
    const remote = this.ice.remoteParameters
    if (remote === undefined) return
    const generation = usernameFragment ?? candidate.usernameFragment
    if (generation !== undefined && generation !== remote.usernameFragment) return
    this.ice.addRemoteCandidate(candidate, now)
  }

  endOfRemoteCandidates(now: number): void {
    const generation = this.ice.remoteParameters?.usernameFragment
    if (generation === undefined || generation === this.#remoteEnded) return
    this.#remoteEnded = generation
    this.ice.endOfRemoteCandidates(now)
  }
}
