/**
 * Descriptions, and what follows from each that is applied (RFC 9429, 5.9 to 5.11): transports made, connected or dropped, the
 * association and the media on them settled.
 *
 * Local credentials come into use when a local description is applied, remote ones when an offer has its answer: so a
 * rollback has nothing to undo but what was made for it.
 */

import { parseCandidate } from '../ice/index.ts'
import type { Applied, Negotiation, SdpType } from '../jsep/index.ts'
import type { EventQueue } from '../machine/index.ts'
import type { DataLink } from './data-link.ts'
import { type CandidateInit, SessionError, type SessionEvent, toldAsOwn } from './events.ts'
import type { LocalIdentity } from './local-identity.ts'
import type { MediaSet } from './media-set.ts'
import type { SessionTransport } from './session-transport.ts'
import type { TransportSet } from './transport-set.ts'

/** What descriptions change. */
export interface DescribedParts {
  readonly negotiation: Negotiation
  readonly identity: LocalIdentity
  readonly transports: TransportSet
  readonly data: DataLink
  readonly media: MediaSet
  readonly events: EventQueue<SessionEvent>
}

export class DescriptionExchange {
  readonly #parts: DescribedParts
  /** What the description that was applied last has changed. */
  lastApplied: Applied | undefined

  constructor(parts: DescribedParts) {
    this.#parts = parts
  }

  createOffer(iceRestart: boolean): string {
    const { negotiation, identity } = this.#parts
    return toldAsOwn(() => negotiation.createOffer(identity.context(iceRestart), { iceRestart }))
  }

  createAnswer(): string {
    const { negotiation, identity } = this.#parts
    return toldAsOwn(() => negotiation.createAnswer(identity.context(false)))
  }

  /** @returns The transports that were dropped for it. */
  setLocal(description: { type: SdpType; sdp: string }, now: number): readonly SessionTransport[] {
    const { negotiation, transports } = this.#parts
    const before = negotiation.signalingState
    const applied = toldAsOwn(() => negotiation.setLocal(description.type, description.sdp))
    if (description.type === 'offer' && transports.list.length === 0) transports.iceRole = 'controlling'
    return this.#apply(applied, before, now)
  }

  /** @returns The transports that were dropped for it. */
  setRemote(description: { type: SdpType; sdp: string }, now: number): readonly SessionTransport[] {
    const { negotiation, transports } = this.#parts
    const before = negotiation.signalingState
    const applied = toldAsOwn(() => negotiation.setRemote(description.type, description.sdp))
    // Also after an offer of ours that was rolled back: who answers first is controlled.
    if (description.type === 'offer' && transports.list.length === 0) transports.iceRole = 'controlled'
    return this.#apply(applied, before, now)
  }

  /** Throws SessionError `OperationError` for a candidate that cannot be applied. */
  addIceCandidate(init: CandidateInit, now: number): void {
    const text = init.candidate
    const candidate = text === '' ? undefined : parseCandidate(text)
    if (text !== '' && candidate === undefined) {
      throw new SessionError('OperationError', `not a candidate-attribute (RFC 8839, 5.1): ${text.slice(0, 200)}`)
    }
    const { negotiation, transports } = this.#parts
    const where = toldAsOwn(() => negotiation.addRemoteCandidate(init))
    for (const mid of where.transportMids) {
      const owner = transports.find(mid)
      if (candidate !== undefined) owner?.addRemote(candidate, init.usernameFragment, now)
      else owner?.endOfRemoteCandidates(now)
    }
  }

  #apply(applied: Applied, before: string, now: number): readonly SessionTransport[] {
    const { transports, data, media, events } = this.#parts
    const { signalingState, rolledBack, transceivers } = applied
    this.lastApplied = applied
    const agreed = !rolledBack && (signalingState === 'stable' || signalingState.endsWith('pranswer'))
    const connected = new Set<SessionTransport>()
    const kept = transports.applyAll(applied.media, now, (section, owner) => {
      if (!agreed) return
      // Many m-sections may share it, and say the same of it.
      if (!connected.has(owner)) owner.applyRemote(section, now)
      connected.add(owner)
      data.agree(section, owner, now)
    })
    if (agreed) media.agree(applied, mid => transports.find(mid), now)
    media.forget([...transceivers.removed, ...transceivers.stopped])
    let dropped: readonly SessionTransport[] = []
    if (signalingState === 'stable') {
      dropped = transports.keep(kept, now)
      media.dropped(dropped)
      data.keep(kept, now)
      transports.settled(rolledBack)
    }
    if (signalingState !== before) events.push({ type: 'signaling', state: signalingState })
    return dropped
  }
}
