/**
 * The four descriptions of a connection as W3C objects (webrtc-pc, 4.4.1.5): which of them a step replaces, and how
 * their texts follow the candidates that are added.
 */

import { attribute, parseSdp } from '../sdp/index.ts'
import type { Session } from '../session/index.ts'
import {
  RTCSessionDescription,
  type RTCSessionDescriptionInit,
  SessionDescriptionSlots,
} from './session-description.ts'

interface Held {
  readonly slots: SessionDescriptionSlots
  readonly face: RTCSessionDescription
}

type Text = { readonly type: SessionDescriptionSlots['type']; readonly sdp: string } | undefined

const hold = (text: Text): Held | undefined => {
  if (text === undefined) return undefined
  const slots = new SessionDescriptionSlots(text.type, text.sdp)
  return { slots, face: new RTCSessionDescription(slots as unknown as RTCSessionDescriptionInit) }
}

const refresh = (held: Held | undefined, text: Text): void => {
  if (held !== undefined && text !== undefined) held.slots.sdp = text.sdp
}

/** Whether a description has an m-section for data that is not rejected (RFC 8841, 10.2). */
export const describesData = (sdp: string): boolean =>
  parseSdp(sdp, { anyOrder: true }).media.some(
    media =>
      media.kind === 'application' &&
      media.protocol.includes('SCTP') &&
      (media.port !== 0 || attribute(media, 'bundle-only') !== undefined),
  )

export class Descriptions {
  readonly #session: Session
  #currentLocal: Held | undefined
  #pendingLocal: Held | undefined
  #currentRemote: Held | undefined
  #pendingRemote: Held | undefined

  constructor(session: Session) {
    this.#session = session
  }

  get currentLocal(): RTCSessionDescription | null {
    return this.#currentLocal?.face ?? null
  }

  get pendingLocal(): RTCSessionDescription | null {
    return this.#pendingLocal?.face ?? null
  }

  get currentRemote(): RTCSessionDescription | null {
    return this.#currentRemote?.face ?? null
  }

  get pendingRemote(): RTCSessionDescription | null {
    return this.#pendingRemote?.face ?? null
  }

  get local(): RTCSessionDescription | null {
    return this.pendingLocal ?? this.currentLocal
  }

  get remote(): RTCSessionDescription | null {
    return this.pendingRemote ?? this.currentRemote
  }

  /** The session has applied a description of `type`. */
  applied(remote: boolean, type: SessionDescriptionSlots['type']): void {
    const session = this.#session
    if (type === 'answer' && remote) {
      this.#currentLocal = this.#pendingLocal
      this.#currentRemote = hold(session.currentRemoteDescription)
    } else if (type === 'answer') {
      this.#currentLocal = hold(session.currentLocalDescription)
      this.#currentRemote = this.#pendingRemote
    } else if (type !== 'rollback') {
      if (remote) this.#pendingRemote = hold(session.pendingRemoteDescription)
      else this.#pendingLocal = hold(session.pendingLocalDescription)
      return
    }
    this.#pendingLocal = undefined
    this.#pendingRemote = undefined
    this.refreshLocal()
    this.refreshRemote()
  }

  /** Local candidates, or their end, have been added. */
  refreshLocal(): void {
    refresh(this.#currentLocal, this.#session.currentLocalDescription)
    refresh(this.#pendingLocal, this.#session.pendingLocalDescription)
  }

  /** Remote candidates, or their end, have been added. */
  refreshRemote(): void {
    refresh(this.#currentRemote, this.#session.currentRemoteDescription)
    refresh(this.#pendingRemote, this.#session.pendingRemoteDescription)
  }
}
