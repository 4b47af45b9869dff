/**
 * The camera part of the demonstration: what a page sends comes back to it, and goes to every page that watches. Packets are
 * sent on as they came, without decoding; one stream in, any number out.
 */

import type { MediaStreamTrack, RTCPeerConnection, RTCRtpTransceiver } from 'purertc'

type Kind = 'audio' | 'video'
const KINDS: readonly Kind[] = ['audio', 'video']

/** What pages are told of the stage. */
export interface Programme {
  /** Whether a page other than the one that is told shows its camera. */
  readonly live: boolean
  readonly viewers: number
}

/** The camera that was shared last, and who watches it. */
export class Stage {
  #star: CameraDesk | undefined
  readonly #desks = new Set<CameraDesk>()

  add(desk: CameraDesk): void {
    this.#desks.add(desk)
    this.#announce()
  }

  remove(desk: CameraDesk): void {
    this.#desks.delete(desk)
    if (this.#star === desk) this.#star = [...this.#desks].find(({ sharing }) => sharing)
    this.changed()
  }

  /** A page has begun to show its camera. */
  enter(desk: CameraDesk): void {
    this.#star = desk
    this.changed()
  }

  /** Of the kind, what watchers are to get. */
  track(kind: Kind, viewer: CameraDesk): MediaStreamTrack | null {
    return this.#star === viewer ? null : (this.#star?.track(kind) ?? null)
  }

  changed(): void {
    if (this.#star?.sharing === false) this.#star = [...this.#desks].find(({ sharing }) => sharing)
    for (const desk of this.#desks) desk.follow()
    this.#announce()
  }

  #announce(): void {
    const viewers = [...this.#desks].filter(({ watching }) => watching).length
    for (const desk of this.#desks) {
      desk.tell({ live: this.#star !== undefined && this.#star !== desk, viewers })
    }
  }
}

/** One page's camera, and what the page watches. */
export class CameraDesk {
  readonly tell: (programme: Programme) => void
  readonly #connection: RTCPeerConnection
  readonly #stage: Stage
  /** What the page sends, by its transceivers. */
  readonly #shared = new Set<RTCRtpTransceiver>()
  /** Those on which the page only receives. */
  readonly #watched = new Set<RTCRtpTransceiver>()

  constructor(connection: RTCPeerConnection, stage: Stage, tell: (programme: Programme) => void) {
    this.#connection = connection
    this.#stage = stage
    this.tell = tell
    connection.ontrack = ({ transceiver }) => {
      this.#shared.add(transceiver)
      // Muted when the page stops to send, unmuted when it goes on.
      transceiver.receiver.track.onmute = () => stage.changed()
      transceiver.receiver.track.onunmute = () => stage.enter(this)
    }
    stage.add(this)
  }

  get sharing(): boolean {
    return this.track('video') !== null || this.track('audio') !== null
  }

  get watching(): boolean {
    return [...this.#watched].some(({ currentDirection }) => currentDirection === 'sendonly')
  }

  track(kind: Kind): MediaStreamTrack | null {
    for (const { receiver, currentDirection } of this.#shared) {
      const { track } = receiver
      const comes = currentDirection === 'sendrecv' || currentDirection === 'recvonly'
      if (track.kind === kind && comes && track.readyState === 'live') return track
    }
    return null
  }

  /** The page's offer was applied: what it sends is to come back, what it only receives is for watching. */
  async prepareAnswer(): Promise<void> {
    for (const transceiver of this.#connection.getTransceivers()) {
      const { sender, receiver } = transceiver
      if (this.#shared.has(transceiver)) {
        transceiver.direction = 'sendrecv'
        await sender.replaceTrack(receiver.track)
      } else {
        transceiver.direction = 'sendonly'
        this.#watched.add(transceiver)
      }
    }
  }

  /** The answer was applied, or somebody else is on the stage. */
  follow(): void {
    for (const { sender, receiver } of this.#watched) {
      const kind = KINDS.find(each => each === receiver.track.kind)!
      const track = this.#stage.track(kind, this)
      if (sender.track !== track) sender.replaceTrack(track).catch(() => this.#watched.clear())
    }
  }

  close(): void {
    this.#shared.clear()
    this.#watched.clear()
    this.#stage.remove(this)
  }
}
