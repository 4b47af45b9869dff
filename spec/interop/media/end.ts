/** Our end of what is shown with audio and video: counts what comes, and sends it back where it is told to. */

import { pathToFileURL } from 'node:url'
import {
  EncodedFrameReader,
  type MediaStreamTrack,
  type RTCEncodedAudioFrame,
  type RTCEncodedVideoFrame,
  RTCPeerConnection,
  RTCRtpReceiver,
  type RTCRtpTransceiver,
} from '../../../lib/index.ts'
import type { Signal } from '../drivers/media-page.ts'

interface Negotiator {
  readonly errors: readonly string[]
  receive(signal: Signal): Promise<void>
}

type Kind = 'audio' | 'video'

/** What has come by a track. */
export interface Heard {
  readonly reader: EncodedFrameReader
  frames: number
  keyFrames: number
  bytes: number
  readonly mimeTypes: Set<string>
  /** Of the newest picture that could be decoded alone. */
  width: number
  height: number
}

/** The codec and what repairs it, of what there is. */
export const only = (kind: Kind, mimeType: string) =>
  RTCRtpReceiver.getCapabilities(kind)!.codecs.filter(codec =>
    [mimeType.toLowerCase(), `${kind}/rtx`].includes(codec.mimeType.toLowerCase()),
  )

export class MediaEnd {
  readonly connection: RTCPeerConnection
  readonly heard = new Map<MediaStreamTrack, Heard>()
  /** What the connection and its tracks have told, in order. */
  readonly events: string[] = []
  /** Whether what a transceiver of the peer's brings is sent back by it. */
  echoes = true
  readonly #negotiator: Negotiator

  private constructor(connection: RTCPeerConnection, negotiator: Negotiator) {
    this.connection = connection
    this.#negotiator = negotiator
    connection.addEventListener('track', ({ track, transceiver, streams }) => {
      this.events.push(`track ${track.kind} ${streams.length}`)
      for (const type of ['mute', 'unmute', 'ended'] as const) {
        track.addEventListener(type, () => this.events.push(`${type} ${track.kind}`))
      }
      if (this.heard.has(track)) return
      this.#listen(track)
      if (this.echoes) this.echo(transceiver)
    })
  }

  static async create(
    polite: boolean,
    send: (signal: Signal) => void,
    configuration: ConstructorParameters<typeof RTCPeerConnection>[0] = {},
  ): Promise<MediaEnd> {
    const { Negotiator } = await import(pathToFileURL('spec/interop/page/negotiator.js').href)
    const connection = new RTCPeerConnection(configuration)
    return new MediaEnd(connection, new Negotiator(connection, polite, send))
  }

  get errors(): readonly string[] {
    return this.#negotiator.errors
  }

  receive(signal: Signal): Promise<void> {
    return this.#negotiator.receive(signal)
  }

  /** Sends back what comes. */
  echo(transceiver: RTCRtpTransceiver): void {
    transceiver.direction = 'sendrecv'
    void transceiver.sender.replaceTrack(transceiver.receiver.track)
  }

  transceiver(mid: string): RTCRtpTransceiver {
    const found = this.connection.getTransceivers().find(each => each.mid === mid)
    if (found === undefined) throw new Error(`no transceiver has the mid ${mid}`)
    return found
  }

  /** What the newest transceiver of a kind has brought that has brought anything. */
  of(kind: Kind): Heard | undefined {
    const transceivers = this.connection.getTransceivers().filter(({ receiver }) => receiver.track.kind === kind)
    const heard = transceivers.flatMap(({ receiver }) => this.heard.get(receiver.track) ?? [])
    return heard.findLast(({ frames }) => frames > 0) ?? heard.at(-1)
  }

  #listen(track: MediaStreamTrack): void {
    const heard: Heard = {
      frames: 0,
      keyFrames: 0,
      bytes: 0,
      mimeTypes: new Set(),
      width: 0,
      height: 0,
      reader: new EncodedFrameReader(track, {
        onframe: frame => {
          heard.frames++
          heard.bytes += frame.data.byteLength
          heard.mimeTypes.add(frame.getMetadata().mimeType ?? '')
          if (isVideo(frame) && frame.type === 'key') {
            heard.keyFrames++
            const { width = 0, height = 0 } = frame.getMetadata()
            Object.assign(heard, { width, height })
          }
        },
      }),
    }
    this.heard.set(track, heard)
  }

  /** Statistics of one type, and of one kind of media. */
  async stats(type: string, kind?: Kind): Promise<readonly Record<string, unknown>[]> {
    const report = await this.connection.getStats()
    const values = [...report.values()] as unknown as readonly Record<string, unknown>[]
    return values.filter(each => each.type === type && (kind === undefined || each.kind === kind))
  }

  close(): void {
    this.connection.close()
  }
}

const isVideo = (frame: RTCEncodedVideoFrame | RTCEncodedAudioFrame): frame is RTCEncodedVideoFrame => 'type' in frame
