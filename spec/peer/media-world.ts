/** A camera and a microphone in virtual time, and two connections that tell of their media. */

import {
  EncodedAudioSource,
  EncodedFrameReader,
  EncodedVideoSource,
  type MediaStreamTrack,
} from '../../lib/media/index.ts'
import type { RTCPeerConnection } from '../../lib/peer/index.ts'
import type { Pair } from '../sim/pair.ts'

/** The beginning of a VP8 frame of 320 x 240 that needs no other; of one that does. */
const KEY = [0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0x00]
const DELTA = [0x11]

/** Makes frames of VP8, a key frame when one is asked for, that nobody could decode. */
export class Camera {
  readonly source = new EncodedVideoSource({ codec: 'vp8', settings: { width: 320, height: 240 } })
  /** How often a key frame was asked for. */
  asked = 0
  frames = 0
  #wantsKey = true
  readonly #size: number
  readonly #mark: number

  /** @param mark In each byte behind the header, to know it by. */
  constructor(mark = 1, size = 1500) {
    this.#mark = mark
    this.#size = size
    this.source.onkeyframerequest = () => {
      this.asked++
      this.#wantsKey = true
    }
  }

  get track(): MediaStreamTrack {
    return this.source.track
  }

  shoot(): void {
    const data = new Uint8Array(this.#size).fill(this.#mark)
    data.set(this.#wantsKey ? KEY : DELTA)
    const type = this.#wantsKey ? 'key' : 'delta'
    this.#wantsKey = false
    this.source.write({ type, timestamp: this.frames++ * 40_000, data })
  }
}

export class Microphone {
  readonly source = new EncodedAudioSource({ codec: 'opus' })
  frames = 0

  get track(): MediaStreamTrack {
    return this.source.track
  }

  /** 20 ms. */
  speak(): void {
    const data = new Uint8Array(60).fill(this.frames)
    data[0] = 0x78
    this.source.write({ type: 'key', timestamp: this.frames++ * 20_000, data })
  }
}

/** Lets time pass while these make a frame every 40 ms, and twice as often sound. */
export const film = async (pair: Pair, milliseconds: number, ...devices: (Camera | Microphone)[]): Promise<void> => {
  for (let passed = 0; passed < milliseconds; passed += 20) {
    for (const device of devices) {
      if (device instanceof Microphone) device.speak()
      else if (passed % 40 === 0) device.shoot()
    }
    await pair.sim.run(pair.sim.now() + 20)
  }
}

/** What is in the frames that come, by the byte that they are filled with. */
export const watch = (track: MediaStreamTrack): number[] => {
  const marks: number[] = []
  new EncodedFrameReader(track, { onframe: ({ data }) => marks.push(new Uint8Array(data)[20] ?? -1) })
  return marks
}

/** What a connection, its tracks and their streams tell, in order. */
export const logMedia = (connection: RTCPeerConnection, log: string[]): void => {
  const known = new Set<object>()
  connection.addEventListener('signalingstatechange', () => log.push(`signaling ${connection.signalingState}`))
  connection.addEventListener('negotiationneeded', () => log.push('negotiationneeded'))
  connection.addEventListener('track', ({ track, streams, transceiver }) => {
    log.push(
      `track ${track.kind} ${transceiver.mid} in ${streams.map(({ id }) => id).join()}: ${track.muted ? 'muted' : 'live'}`,
    )
    if (!known.has(track)) {
      for (const type of ['mute', 'unmute', 'ended'] as const) {
        track.addEventListener(type, () => log.push(`${type} ${track.kind}`))
      }
    }
    known.add(track)
    for (const stream of streams) {
      if (known.has(stream)) continue
      known.add(stream)
      stream.addEventListener('addtrack', ({ track }) => log.push(`addtrack ${track.kind} to ${stream.id}`))
      stream.addEventListener('removetrack', ({ track }) => log.push(`removetrack ${track.kind} from ${stream.id}`))
    }
  })
}
