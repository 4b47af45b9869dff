/**
 * The transports of a connection as its W3C objects: one RTCDtlsTransport with its RTCIceTransport for each transport
 * of the session, made when a description is applied, told when ICE or DTLS changes.
 */

import { type CandidatePair, formatCandidate, type IceCandidate } from '../ice/index.ts'
import type { SessionEvent, SessionTransport } from '../session/index.ts'
import { DtlsTransportSlots, RTCDtlsTransport } from './dtls-transport.ts'
import { RTCError, RTCErrorEvent } from './error.ts'
import { IceCandidateSlots, RTCIceCandidate } from './ice-candidate.ts'
import { IceTransportSlots, RTCIceTransport } from './ice-transport.ts'
import type { TransportStates } from './states.ts'

type DtlsChange = Extract<SessionEvent, { type: 'dtls' }>
type CandidateFound = Extract<SessionEvent, { type: 'candidate' }>

/** One transport: what the session knows of it, and its two faces with their slots. */
export class TransportFace {
  readonly iceSlots = new IceTransportSlots()
  readonly ice = new RTCIceTransport(this.iceSlots)
  readonly dtlsSlots = new DtlsTransportSlots(this.ice)
  readonly dtls = new RTCDtlsTransport(this.dtlsSlots)
  /** Undefined while only the peer's offer is known. */
  session: SessionTransport | undefined
  selectedPairChanges = 0
  #selected: CandidatePair | undefined

  get states(): TransportStates {
    return { ice: this.iceSlots.state, gathering: this.iceSlots.gatheringState, dtls: this.dtlsSlots.state }
  }

  /** Brings the slots that follow descriptions up to date. */
  refresh(): void {
    const { session, iceSlots } = this
    if (session === undefined) return
    const { sdpMid, mLineIndex, ice } = session
    const { usernameFragment, password } = ice.localParameters
    if (iceSlots.localParameters?.usernameFragment !== usernameFragment) {
      // Another generation: its candidates are announced anew.
      if (iceSlots.localParameters !== undefined) iceSlots.localCandidates = []
      iceSlots.localParameters = { usernameFragment, password }
    }
    const remote = ice.remoteParameters
    if (remote !== undefined) {
      iceSlots.remoteParameters = { usernameFragment: remote.usernameFragment, password: remote.password }
    }
    iceSlots.role = ice.role
    const known = new Map(iceSlots.remoteCandidates.map(candidate => [candidate.candidate, candidate]))
    iceSlots.remoteCandidates = ice.remoteCandidates
      .filter(({ type }) => type !== 'prflx')
      // Of a name, the application knows the name; the address that it stands for is not for it to see.
      .map(candidate => formatCandidate({ ...candidate, address: candidate.hostName ?? candidate.address }))
      .map(
        text =>
          known.get(text) ??
          new RTCIceCandidate({
            candidate: text,
            sdpMid,
            sdpMLineIndex: mLineIndex,
            usernameFragment: remote?.usernameFragment ?? null,
          }),
      )
  }

  /** A local candidate is shown to the application. */
  surface({ candidate: found, text, sdpMid, mLineIndex, usernameFragment }: CandidateFound): RTCIceCandidate {
    const { url = null, relayProtocol = null } = found
    const candidate = new RTCIceCandidate({
      candidate: text,
      sdpMid,
      sdpMLineIndex: mLineIndex,
      usernameFragment,
      url,
      relayProtocol,
    })
    if (usernameFragment === this.iceSlots.localParameters?.usernameFragment) {
      this.iceSlots.localCandidates.push(candidate)
    }
    return candidate
  }

  /** Takes the selected pair; its candidates are the objects that the application knows, where it does. */
  select(pair: CandidatePair, exposeAddresses: boolean): void {
    const { localCandidates, remoteCandidates } = this.iceSlots
    const { local, remote } = pair
    // The same pair is told again when one of its candidates is known better.
    if (pair !== this.#selected) this.selectedPairChanges++
    this.#selected = pair
    this.iceSlots.select(
      this.#candidate(local, localCandidates, true),
      this.#candidate(remote, remoteCandidates, exposeAddresses || this.signalled(remote)),
    )
  }

  /** Whether signalling has told the address of a remote candidate (webrtc-pc, 4.8.1). */
  signalled({ address, hostName }: IceCandidate): boolean {
    return hostName === undefined && this.iceSlots.remoteCandidates.some(candidate => candidate.address === address)
  }

  #candidate(candidate: IceCandidate, known: readonly RTCIceCandidate[], addressKnown: boolean): RTCIceCandidate {
    const { sdpMid = null, mLineIndex = null } = this.session ?? {}
    const shown = candidate.hostName ?? candidate.address
    const found = known.find(
      ({ address, port, type, protocol }) =>
        address === shown && port === candidate.port && type === candidate.type && protocol === candidate.protocol,
    )
    if (found !== undefined) return found
    const init = {
      candidate: '',
      sdpMid,
      sdpMLineIndex: mLineIndex,
      usernameFragment: candidate.usernameFragment ?? null,
      relayProtocol: null,
      url: null,
    }
    const slots = new IceCandidateSlots(init, candidate, addressKnown)
    return new RTCIceCandidate(slots as object)
  }

  /** DTLS has changed (webrtc-pc, 5.5). Returns whether the state did. */
  changeDtls({ state, error }: DtlsChange): boolean {
    const { dtlsSlots, dtls } = this
    if (dtlsSlots.state === state || dtlsSlots.state === 'closed') return false
    dtlsSlots.state = state
    if (state === 'connected') {
      const certificate = this.session?.dtls?.remoteCertificate
      dtlsSlots.remoteCertificates = certificate === undefined ? [] : [certificate.slice()]
    }
    if (state === 'failed') {
      const errorDetail = error?.code === 'fingerprint-mismatch' ? 'fingerprint-failure' : 'dtls-failure'
      const { sentAlert, receivedAlert } = error ?? {}
      const alerts = {
        ...(sentAlert !== undefined && { sentAlert }),
        ...(receivedAlert !== undefined && { receivedAlert }),
      }
      dtls.dispatchEvent(
        new RTCErrorEvent('error', {
          error: new RTCError({ errorDetail, ...(errorDetail === 'dtls-failure' && alerts) }, error?.message ?? ''),
        }),
      )
    }
    dtls.dispatchEvent(new Event('statechange'))
    return true
  }

  /** The connection is closed: so is this, at once and without an event. */
  close(): void {
    this.dtlsSlots.state = 'closed'
    this.iceSlots.state = 'closed'
  }
}

/** All transports that the connection has had and that can still change. */
export class Transports {
  readonly #faces: TransportFace[] = []

  get list(): readonly TransportFace[] {
    return this.#faces
  }

  /** The transport of that mid; of two, the one made last. */
  find(mid: string): TransportFace | undefined {
    return this.#faces.findLast(face => face.session?.mid === mid)
  }

  /** The transport that the peer's offer asks for, before there is one. */
  expect(): TransportFace {
    let face = this.#faces.find(({ session }) => session === undefined)
    if (face === undefined) {
      face = new TransportFace()
      this.#faces.push(face)
    }
    return face
  }

  /** Gives each transport of the session its face, and brings them up to date. */
  refresh(transports: readonly SessionTransport[]): void {
    for (const session of transports) {
      if (!this.#faces.some(face => face.session === session)) this.expect().session = session
    }
    for (const face of this.#faces) face.refresh()
  }

  /**
   * Forgets the transports that are gone: the session has them no more and they are closed, or nothing came of them.
   * @param used The one that is in use, also if the session has it not yet.
   */
  prune(transports: readonly SessionTransport[], used: TransportFace | undefined): void {
    for (let i = this.#faces.length - 1; i >= 0; i--) {
      const face = this.#faces[i]!
      if (face === used) continue
      const { session, iceSlots } = face
      const gone = session === undefined || (iceSlots.state === 'closed' && !transports.includes(session))
      if (gone) this.#faces.splice(i, 1)
    }
  }
}
