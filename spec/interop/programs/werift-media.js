/**
 * A werift that sends the samples that it is given, round and round, and tells of what comes by the hashes of it. Driven by
 * lines of JSON (drivers/media-program.ts).
 */

import { MediaStreamTrack, RTCPeerConnection, useOPUS, usePCMU, useVP8 } from 'werift'
import { serve } from './lines.js'
import { Arrivals, cut, rtp } from './packets.js'

const INTERVAL = 20
const CLOCK_RATES = { 'video/vp8': 90_000, 'audio/opus': 48_000, 'audio/pcmu': 8000 }

serve(tell => {
  // It asks a public STUN server unless told none.
  const pc = new RTCPeerConnection({
    iceServers: [],
    codecs: { video: [useVP8()], audio: [useOPUS(), usePCMU()] },
  })
  const sending = new Map()
  const asked = { keyFrames: 0, packets: 0 }
  let obeys = false
  pc.connectionStateChange.subscribe(state => tell('state', state))
  pc.onTrack.subscribe(track => {
    let arrivals
    track.onReceiveRtp.subscribe(({ header, payload }) => {
      arrivals ??= new Arrivals(tell, track.codec.mimeType)
      arrivals.take(header.sequenceNumber, header.marker, payload)
    })
  })

  const described = async made => {
    await pc.setLocalDescription(made)
    if (pc.iceGatheringState !== 'complete') {
      await pc.iceGatheringStateChange.watch(state => state === 'complete')
    }
    const { type, sdp } = pc.localDescription
    return { type, sdp }
  }

  return {
    send(kind, mimeType, encoded) {
      const type = mimeType.toLowerCase()
      const samples = encoded.map(sample => Buffer.from(sample, 'base64'))
      const track = new MediaStreamTrack({ kind })
      const sender = pc.addTrack(track)
      let [next, at, sequenceNumber] = [0, 0, 1]
      sender.onPictureLossIndication.subscribe(() => {
        asked.keyFrames++
        if (obeys) next = 0
        tell('asked', asked)
      })
      sender.onGenericNack.subscribe(({ lost }) => {
        asked.packets += lost.length
        tell('asked', asked)
      })
      const timer = setInterval(() => {
        const timestamp = (at++ * INTERVAL * CLOCK_RATES[type]) / 1000
        const payloads = cut(type, samples[next++ % samples.length])
        for (const [index, payload] of payloads.entries()) {
          const marker = kind === 'video' && index === payloads.length - 1
          // It puts a payload type and a source of its own there.
          const header = { payloadType: 96, marker, sequenceNumber: sequenceNumber++, timestamp, ssrc: 1 }
          track.writeRtp(rtp(header, payload))
        }
      }, INTERVAL)
      sending.set(kind, { sender, timer })
    },
    stop(kind) {
      const { sender, timer } = sending.get(kind)
      clearInterval(timer)
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
    async accept(answer) {
      await pc.setRemoteDescription(answer)
    },
    obey() {
      obeys = true
    },
    async askForKeyFrame() {
      const { receiver } = pc.getTransceivers().find(({ kind }) => kind === 'video')
      await receiver.sendRtcpPLI(receiver.track.ssrc)
    },
    async close() {
      for (const { timer } of sending.values()) clearInterval(timer)
      await pc.close()
    },
  }
})
