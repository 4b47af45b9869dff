/**
 * A libwebrtc (@roamhq/wrtc) that sends a picture and a tone, and tells of what it decodes: of a picture how bright its left
 * and its right half are, of sound how many periods it has in a second. Driven by lines of JSON (drivers/media-program.ts).
 */

import wrtc from '@roamhq/wrtc'
import { serve } from './lines.js'

const { RTCAudioSink, RTCAudioSource, RTCVideoSink, RTCVideoSource } = wrtc.nonstandard

const [WIDTH, HEIGHT] = [320, 240]
const [DARK, BRIGHT] = [60, 190]
const [SAMPLE_RATE, FREQUENCY] = [48_000, 440]

/** Dark on the left and bright on the right, with a bar that moves. */
const picture = number => {
  const data = new Uint8ClampedArray((WIDTH * HEIGHT * 3) / 2).fill(128, WIDTH * HEIGHT)
  for (let y = 0; y < HEIGHT; y++) {
    data.fill(DARK, y * WIDTH, y * WIDTH + WIDTH / 2)
    data.fill(BRIGHT, y * WIDTH + WIDTH / 2, (y + 1) * WIDTH)
  }
  const row = (number * 4) % HEIGHT
  data.fill(128, row * WIDTH, (row + 4) * WIDTH)
  return { width: WIDTH, height: HEIGHT, data }
}

const meanOf = ({ width, height, data }, from, to) => {
  let sum = 0
  for (let y = 0; y < height; y++) for (let x = from; x < to; x++) sum += data[y * width + x]
  return Math.round(sum / height / (to - from))
}

const startVideo = () => {
  const source = new RTCVideoSource()
  let number = 0
  const timer = setInterval(() => source.onFrame(picture(number++)), 33)
  return { track: source.createTrack(), stop: () => clearInterval(timer) }
}

const startAudio = () => {
  const source = new RTCAudioSource()
  let at = 0
  const began = performance.now()
  const timer = setInterval(() => {
    // As many tens of milliseconds as have passed.
    while (at / SAMPLE_RATE < (performance.now() - began) / 1000) {
      const samples = new Int16Array(SAMPLE_RATE / 100)
      for (let i = 0; i < samples.length; i++) {
        samples[i] = Math.round(8000 * Math.sin((2 * Math.PI * FREQUENCY * at++) / SAMPLE_RATE))
      }
      source.onData({ samples, sampleRate: SAMPLE_RATE, bitsPerSample: 16, channelCount: 1, numberOfFrames: 480 })
    }
  }, 10)
  return { track: source.createTrack(), stop: () => clearInterval(timer) }
}

/** Tells of each picture. */
const watch = (track, tell) => {
  let frames = 0
  const sink = new RTCVideoSink(track)
  sink.onframe = ({ frame }) => {
    const { width, height } = frame
    const [left, right] = [meanOf(frame, 0, width / 2 - 8), meanOf(frame, width / 2 + 8, width)]
    tell('video', { frames: ++frames, width, height, left, right })
  }
  return sink
}

/** Tells of each fifth of a second. */
const listen = (track, tell) => {
  let frames = 0
  let [samplesSeen, rises, before, loudest] = [0, 0, 0, 0]
  const sink = new RTCAudioSink(track)
  sink.ondata = ({ samples, sampleRate, channelCount }) => {
    for (let i = 0; i < samples.length; i += channelCount) {
      if (before < 0 && samples[i] >= 0) rises++
      before = samples[i]
      loudest = Math.max(loudest, before)
      samplesSeen++
    }
    if (samplesSeen < sampleRate / 5) return
    tell('audio', { frames: ++frames, frequency: Math.round((rises * sampleRate) / samplesSeen), loudest })
    samplesSeen = rises = loudest = 0
  }
  return sink
}

serve(tell => {
  const pc = new wrtc.RTCPeerConnection()
  const sending = new Map()
  const sinks = []
  pc.ontrack = ({ track }) => sinks.push((track.kind === 'video' ? watch : listen)(track, tell))
  pc.onconnectionstatechange = () => tell('state', pc.connectionState)

  /** The description, when it has all of its candidates. */
  const described = async made => {
    await pc.setLocalDescription(made)
    if (pc.iceGatheringState !== 'complete') {
      await new Promise(resolve => {
        pc.onicegatheringstatechange = () => pc.iceGatheringState === 'complete' && resolve()
      })
    }
    const { type, sdp } = pc.localDescription
    return { type, sdp }
  }

  return {
    send(kind) {
      const source = kind === 'video' ? startVideo() : startAudio()
      sending.set(kind, { source, sender: pc.addTrack(source.track, new wrtc.MediaStream()) })
    },
    stop(kind) {
      const { source, sender } = sending.get(kind)
      source.stop()
      pc.removeTrack(sender)
      sending.delete(kind)
    },
    async offer() {
      return described(await pc.createOffer())
    },
    async answer(offer) {
      await pc.setRemoteDescription(offer)
      return described(await pc.createAnswer())
    },
    accept: answer => pc.setRemoteDescription(answer),
    close() {
      for (const sink of sinks) sink.stop()
      for (const { source } of sending.values()) source.stop()
      pc.close()
    },
  }
})
