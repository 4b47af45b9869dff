/**
 * What the session tells, as the tasks in which it is told to the application: most events are a task each, some belong
 * together, some are none of the application's.
 */

import type { Channel, ChannelEvent } from '../channel/index.ts'
import type { CandidatePair, IceCandidate, IceState } from '../ice/index.ts'
import type { Host } from '../machine/index.ts'
import type { SessionEvent } from '../session/index.ts'
import { TaskQueue } from './task-queue.ts'
import type { TransportFace } from './transports.ts'

/** What a transport of the session tells, besides ICE's states and pairs. */
export type TransportEvent = Extract<
  SessionEvent,
  { type: 'candidate' | 'end-of-candidates' | 'gathering' | 'role' | 'dtls' }
>

/** Its transport is looked up when it is told: another of the same mid may stand there when the task runs. */
export interface TransportTask {
  readonly type: 'transport'
  readonly face: TransportFace
  readonly event: TransportEvent
}

/** The selected pair and the state of ICE: what changes together is told in one task (webrtc-pc, 5.6). */
export interface IceChange {
  readonly type: 'ice-change'
  readonly face: TransportFace
  state?: IceState
  readonly pair?: CandidatePair
}

/** A channel that the peer has opened is announced in a second task, after the `datachannel` event. */
interface OpenAnnouncement {
  readonly type: 'announce-open'
  readonly channel: Channel
}

/** What happens to the media of a transceiver. */
export type MediaEvent = Extract<SessionEvent, { type: 'key-frame-requested' | 'ssrc-changed' | 'media' | 'goodbye' }>

export type ConnectionEvent =
  | Extract<SessionEvent, ChannelEvent>
  | TransportTask
  | IceChange
  | OpenAnnouncement
  | MediaEvent

/** Whom it is told to. */
export interface SessionListener {
  /** A transport wants sockets; at once. */
  gather(mid: string): void
  /** A candidate of the peer's has a name to look up; at once. */
  name(mid: string, candidate: IceCandidate): void
  /** The session has other transports; at once. */
  transportsChanged(): void
  /** The transport of that mid, if it has a face. */
  face(mid: string): TransportFace | undefined
  /** In a task of the event's own. */
  handle(event: ConnectionEvent): void
}

export class SessionTasks {
  readonly #tasks: TaskQueue<ConnectionEvent>
  readonly #listener: SessionListener

  constructor(host: Host, listener: SessionListener) {
    this.#listener = listener
    this.#tasks = new TaskQueue(host, event => listener.handle(event))
  }

  /** Queues a task that is not the session's, in order with those that are. */
  queue(task: () => void): void {
    this.#tasks.queue(task)
  }

  /** Nothing more is told. */
  close(): void {
    this.#tasks.close()
  }

  /**
   * Takes all that the session has to tell. The first event may be handled at once, as the task of the turn that
   * brought it, so nothing may be done after this call in that turn.
   */
  drain(session: { nextEvent(): SessionEvent | undefined }): void {
    let first: ConnectionEvent | undefined
    let last: ConnectionEvent | undefined
    for (let told = session.nextEvent(); told !== undefined; told = session.nextEvent()) {
      const event = this.#admit(told, last)
      if (event === undefined) continue
      last = event
      if (first === undefined && this.#tasks.idle) first = event
      else this.#tasks.queue(event)
      if (event.type === 'incoming') this.#tasks.queue({ type: 'announce-open', channel: event.channel })
    }
    if (first !== undefined) this.#listener.handle(first)
  }

  /** The event to tell, unless it is told with the `last` one or not at all. */
  #admit(event: SessionEvent, last: ConnectionEvent | undefined): ConnectionEvent | undefined {
    switch (event.type) {
      case 'gather':
        this.#listener.gather(event.mid)
        return undefined
      case 'name':
        this.#listener.name(event.mid, event.candidate)
        return undefined
      case 'transports':
        this.#listener.transportsChanged()
        return undefined
      case 'signaling':
        // Told when the description was applied.
        return undefined
      case 'selected': {
        const face = this.#listener.face(event.mid)
        return face && { type: 'ice-change', face, pair: event.pair }
      }
      case 'ice': {
        const face = this.#listener.face(event.mid)
        if (face === undefined) return undefined
        const { state } = event
        // The pair comes before the state that it brings about.
        if (last?.type !== 'ice-change' || last.face !== face || last.state !== undefined) {
          return { type: 'ice-change', face, state }
        }
        last.state = state
        return undefined
      }
      case 'candidate':
      case 'end-of-candidates':
      case 'gathering':
      case 'role':
      case 'dtls': {
        const face = this.#listener.face(event.mid)
        return face && { type: 'transport', face, event }
      }
      default:
        return event
    }
  }
}
