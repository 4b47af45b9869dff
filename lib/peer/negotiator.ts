/**
 * The methods that negotiate (webrtc-pc, 4.4.1.5 and 4.4.2), as steps on the operations chain: offers and answers are
 * made, descriptions applied, candidates added, each at its end in a task of its own.
 */

import { exception } from '../idl/index.ts'
import { type Session, SessionError } from '../session/index.ts'
import { Descriptions } from './descriptions.ts'
import { RTCError } from './error.ts'
import { OperationsChain } from './operations.ts'
import type { RTCSdpType } from './session-description.ts'
import type { RTCSignalingState } from './states.ts'

/** What a negotiator asks of its connection. */
export interface NegotiatorOwner {
  readonly closed: boolean
  readonly session: Session
  /** Resolves when there is a certificate to present. */
  readonly certified: Promise<unknown>
  now(): number
  queueTask(task: () => void): void
  /** An input has been put into the session from outside of its driver. */
  touch(): void
  /**
   * The session has applied a description; every slot that follows from it is to be set. Returns what tells the application of
   * tracks, after the states of signalling.
   * @param remote Whose it is; of a rollback, whose offer it takes back.
   */
  applied(remote: boolean, type: RTCSdpType, wasStable: boolean): () => void
  /** The session has taken a remote candidate. */
  candidateAdded(): void
  fire(type: 'negotiationneeded' | 'signalingstatechange'): void
}

export interface Description {
  readonly type: RTCSdpType
  readonly sdp: string
}

interface CandidateInit {
  readonly candidate: string
  readonly sdpMid: string | null
  readonly sdpMLineIndex: number | null
  readonly usernameFragment: string | null
}

type Kind = 'offer' | 'answer'

/** The signaling states in which a description of each kind can be made. */
const CREATABLE: Readonly<Record<Kind, readonly RTCSignalingState[]>> = {
  offer: ['stable', 'have-local-offer'],
  answer: ['have-remote-offer', 'have-local-pranswer'],
}
/** The states in which `setLocalDescription` without a type means an offer. */
const OFFERING: readonly RTCSignalingState[] = ['stable', 'have-local-offer', 'have-remote-pranswer']
/** The states in which there is nothing that could be rolled back. */
const SETTLED: readonly RTCSignalingState[] = ['stable', 'have-local-pranswer', 'have-remote-pranswer']

/** What the session's errors are to an application. */
const exceptionOf = (error: unknown, context: string): Error => {
  if (error instanceof SessionError) {
    const message = `${context}: ${error.message}`
    if (error.code !== 'sdp-syntax-error') return new DOMException(message, error.code)
    const { sdpLineNumber } = error
    return new RTCError(
      { errorDetail: 'sdp-syntax-error', ...(sdpLineNumber !== undefined && { sdpLineNumber }) },
      message,
    )
  }
  const text = error instanceof Error ? error.message : String(error)
  return new DOMException(`${context}: ${text}`, { name: 'OperationError', cause: error })
}

export class Negotiator {
  readonly descriptions: Descriptions
  readonly #owner: NegotiatorOwner
  readonly #chain: OperationsChain
  #signalingState: RTCSignalingState = 'stable'
  /** The last descriptions made, and what they were made of. */
  readonly #created: Record<Kind, { sdp: string; version: number }> = {
    offer: { sdp: '', version: 0 },
    answer: { sdp: '', version: 0 },
  }
  /** Counts what an offer or answer depends on: channels, restarts, descriptions. */
  #version = 0
  /** Whether `setLocalDescription` has been called. */
  described = false

  constructor(owner: NegotiatorOwner) {
    this.#owner = owner
    this.descriptions = new Descriptions(owner.session)
    const stable = (): boolean => this.#signalingState === 'stable'
    this.#chain = new OperationsChain({
      get closed() {
        return owner.closed
      },
      get stable() {
        return stable()
      },
      negotiationNeeded: () => owner.session.negotiationNeeded(),
      queueTask: task => owner.queueTask(task),
      fireNegotiationNeeded: () => owner.fire('negotiationneeded'),
    })
  }

  get signalingState(): RTCSignalingState {
    return this.#signalingState
  }

  close(): void {
    this.#signalingState = 'closed'
  }

  /** Something that descriptions depend on has changed. */
  changed(): void {
    this.#version++
    this.#chain.updateNegotiationNeeded()
  }

  create(kind: Kind, iceRestart: boolean, context: string): Promise<Description> {
    return this.#chain.chain(context, () => this.#create(kind, iceRestart, context))
  }

  setLocal(type: RTCSdpType | undefined, sdp: string, context: string): Promise<void> {
    this.described = true
    return this.#chain.chain(context, () => {
      const meant = type ?? (OFFERING.includes(this.#signalingState) ? 'offer' : 'answer')
      if (meant === 'rollback') return this.#set(false, { type: meant, sdp: '' }, context)
      const kind = meant === 'offer' ? 'offer' : 'answer'
      const created = this.#created[kind]
      if (sdp !== '') {
        if (sdp === created.sdp) return this.#set(false, { type: meant, sdp }, context)
        const message = `${context}: The SDP does not match the previously generated SDP for this type.`
        return Promise.reject(exception('InvalidModificationError', message))
      }
      if (created.sdp !== '' && created.version === this.#version) {
        return this.#set(false, { type: meant, sdp: created.sdp }, context)
      }
      return this.#create(kind, false, context).then(made => this.#set(false, { type: meant, sdp: made.sdp }, context))
    })
  }

  setRemote(description: Description, context: string): Promise<void> {
    return this.#chain.chain(context, () => {
      const glare = this.#signalingState !== 'stable' && this.#signalingState !== 'have-remote-offer'
      if (description.type !== 'offer' || !glare) return this.#set(true, description, context)
      return this.#set(false, { type: 'rollback', sdp: '' }, context).then(() => this.#set(true, description, context))
    })
  }

  addCandidate(candidate: CandidateInit, context: string): Promise<void> {
    const { sdpMid, sdpMLineIndex } = candidate
    if (candidate.candidate !== '' && sdpMid === null && sdpMLineIndex === null) {
      return Promise.reject(new TypeError(`${context}: Candidate missing values for both sdpMid and sdpMLineIndex.`))
    }
    return this.#chain.chain(context, () => {
      if (this.descriptions.remote === null) {
        return Promise.reject(exception('InvalidStateError', `${context}: The remote description was null.`))
      }
      return this.#later(Promise.resolve(), context, () => {
        const { session } = this.#owner
        session.addIceCandidate(candidate, this.#owner.now())
        this.descriptions.refreshRemote()
        this.#owner.candidateAdded()
      })
    })
  }

  restartIce(): void {
    this.#owner.session.restartIce()
    this.changed()
  }

  /** Runs `step` in a task when `ready` has come; what the session throws there rejects. */
  #later<T>(ready: Promise<unknown>, context: string, step: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const fail = (error: unknown): void => reject(exceptionOf(error, context))
      ready.then(
        () =>
          this.#owner.queueTask(() => {
            if (this.#owner.closed) return
            try {
              resolve(step())
            } catch (error) {
              fail(error)
            }
            this.#owner.touch()
          }),
        fail,
      )
    })
  }

  #create(kind: Kind, iceRestart: boolean, context: string): Promise<Description> {
    if (!CREATABLE[kind].includes(this.#signalingState)) {
      const message = `${context}: An ${kind} cannot be made in the state '${this.#signalingState}'.`
      return Promise.reject(exception('InvalidStateError', message))
    }
    return this.#later(this.#owner.certified, context, () => {
      const { session } = this.#owner
      const sdp = kind === 'offer' ? session.createOffer({ iceRestart }) : session.createAnswer()
      this.#created[kind] = { sdp, version: this.#version }
      return { type: kind, sdp }
    })
  }

  /** Sets the session description (webrtc-pc, 4.4.1.5). */
  #set(remote: boolean, description: Description, context: string): Promise<void> {
    const { type } = description
    if (type === 'rollback' && SETTLED.includes(this.#signalingState)) {
      const message = `${context}: There is nothing to roll back in the state '${this.#signalingState}'.`
      return Promise.reject(exception('InvalidStateError', message))
    }
    return this.#later(this.#owner.certified, context, () => {
      const { session } = this.#owner
      const now = this.#owner.now()
      // Taking an offer back is one and the same for both sides; the session is told whose it was.
      const theirs = type === 'rollback' ? this.#signalingState === 'have-remote-offer' : remote
      if (theirs) session.setRemoteDescription(description, now)
      else session.setLocalDescription(description, now)
      this.#applied(theirs, type)
    })
  }

  #applied(remote: boolean, type: RTCSdpType): void {
    const before = this.#signalingState
    this.#version++
    this.descriptions.applied(remote, type)
    this.#signalingState = this.#owner.session.signalingState
    if (type === 'answer') {
      this.#created.offer.sdp = ''
      this.#created.answer.sdp = ''
    }
    const tellOfTracks = this.#owner.applied(remote, type, before === 'stable')
    if (this.#signalingState === 'stable') {
      this.#chain.clearNegotiationNeeded()
      this.#chain.updateNegotiationNeeded()
    }
    if (this.#signalingState !== before) this.#owner.fire('signalingstatechange')
    if (!this.#owner.closed) tellOfTracks()
  }

  /** Runs an operation of a sender's when those before it are done. */
  chain<T>(context: string, operation: () => Promise<T>): Promise<T> {
    return this.#chain.chain(context, operation)
  }
}
