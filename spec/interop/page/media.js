/**
 * The page's end of what is shown with audio and video: a camera and a microphone, what comes back in elements that play it,
 * and what the page can tell of either. The spec calls methods by name; arguments and results are JSON.
 */

import { Negotiator } from './negotiator.js'

/** Each way of a picture that is compared: so many fields across and down. */
const FIELDS = 8

export class MediaEnd {
  #connection
  #negotiator
  #channel
  #tracks = new Map()
  #elements = new Map()
  /** What the connection and its tracks have told, in order. */
  #events = []

  /** @param {(signal: object) => void} send Carries a signal to the other end. */
  create(configuration, polite, send) {
    const connection = new RTCPeerConnection(configuration)
    this.#connection = connection
    this.#negotiator = new Negotiator(connection, polite, send)
    connection.addEventListener('track', ({ track, transceiver, streams }) => {
      this.#events.push(`track ${track.kind} ${streams.length}`)
      for (const type of ['mute', 'unmute', 'ended']) {
        track.addEventListener(type, () => this.#events.push(`${type} ${track.kind}`))
      }
      const element = document.createElement(track.kind)
      element.autoplay = element.playsInline = true
      element.muted = track.kind === 'video'
      element.srcObject = new MediaStream([track])
      document.body.append(element)
      this.#elements.set(transceiver, element)
      void element.play().catch(() => {})
    })
  }

  close() {
    this.#connection?.close()
    for (const track of this.#tracks.values()) track.stop()
    for (const element of document.querySelectorAll('audio, video')) element.remove()
    this.#connection = undefined
    this.#channel = undefined
    this.#tracks.clear()
    this.#elements.clear()
    this.#events = []
  }

  receive(signal) {
    return this.#negotiator?.receive(signal)
  }

  errors() {
    return this.#negotiator?.errors ?? []
  }

  events() {
    return this.#events
  }

  state() {
    const { connectionState, signalingState } = this.#connection
    const transceivers = this.#connection.getTransceivers().map(each => ({
      mid: each.mid,
      kind: each.receiver.track.kind,
      direction: each.direction,
      currentDirection: each.currentDirection,
      sends: each.sender.track !== null,
      muted: each.receiver.track.muted,
      readyState: each.receiver.track.readyState,
    }))
    return { connectionState, signalingState, transceivers }
  }

  description() {
    return this.#connection.localDescription.sdp
  }

  /** A channel beside the media, to be said something on. */
  openChannel() {
    this.#channel = this.#connection.createDataChannel('beside')
  }

  /** Resolves with what comes back for a text; rejects where the channel is closed. */
  exchange(text) {
    const channel = this.#channel
    return new Promise((resolve, reject) => {
      channel.onmessage = ({ data }) => resolve(data)
      channel.onclose = () => reject(new Error('the channel is closed'))
      if (channel.readyState === 'open') channel.send(text)
      else channel.onopen = () => channel.send(text)
    })
  }

  // What is sent

  /** Opens a device of the browser's, as a track that others methods know by `name`. */
  async open(name, kind, { width = 640, height = 480 } = {}) {
    const constraints = kind === 'audio' ? { audio: true } : { video: { width, height, frameRate: 20 } }
    const [track] = (await navigator.mediaDevices.getUserMedia(constraints)).getTracks()
    this.#tracks.set(name, track)
  }

  /** A track of a canvas in one colour, which is drawn again and again. */
  draw(name, colour, { width = 320, height = 240 } = {}) {
    const canvas = Object.assign(document.createElement('canvas'), { width, height })
    const context = canvas.getContext('2d')
    let odd = false
    const timer = setInterval(() => {
      context.fillStyle = colour
      context.fillRect(0, 0, width, height)
      odd = !odd
      context.fillStyle = odd ? 'white' : 'black'
      context.fillRect(0, 0, 4, 4)
    }, 50)
    const [track] = canvas.captureStream(20).getTracks()
    const stop = track.stop.bind(track)
    track.stop = () => {
      clearInterval(timer)
      stop()
    }
    this.#tracks.set(name, track)
  }

  enable(name, enabled) {
    this.#tracks.get(name).enabled = enabled
  }

  /** @param mimeType What the transceiver prefers: to be told in the same task, since it starts no negotiation. */
  addTrack(name, mimeType) {
    const sender = this.#connection.addTrack(this.#tracks.get(name), new MediaStream())
    if (mimeType !== undefined)
      this.#prefer(
        this.#connection.getTransceivers().find(each => each.sender === sender),
        mimeType,
      )
  }

  /** @param nameOrKind A track, or what a transceiver without one is for. */
  addTransceiver(nameOrKind, init) {
    this.#connection.addTransceiver(this.#tracks.get(nameOrKind) ?? nameOrKind, init)
  }

  #transceiver(mid) {
    return this.#connection.getTransceivers().find(each => each.mid === mid)
  }

  /** What repairs it stays beside it. */
  #prefer(transceiver, mimeType) {
    const { codecs } = RTCRtpReceiver.getCapabilities(transceiver.receiver.track.kind)
    const isWanted = codec => codec.mimeType.toLowerCase() === mimeType.toLowerCase()
    transceiver.setCodecPreferences([
      ...codecs.filter(isWanted),
      ...codecs.filter(codec => codec.mimeType.endsWith('/rtx')),
    ])
  }

  removeTrack(mid) {
    this.#connection.removeTrack(this.#transceiver(mid).sender)
  }

  replaceTrack(mid, name) {
    return this.#transceiver(mid).sender.replaceTrack(name === null ? null : this.#tracks.get(name))
  }

  direct(mid, direction) {
    this.#transceiver(mid).direction = direction
  }

  stop(mid) {
    this.#transceiver(mid).stop()
  }

  /** The name of the track that is sent. */
  sends(mid) {
    const { track } = this.#transceiver(mid).sender
    return [...this.#tracks].find(([, each]) => each === track)?.[0]
  }

  /** Takes back its own offer. */
  rollback() {
    return this.#connection.setLocalDescription({ type: 'rollback' })
  }

  restart() {
    this.#connection.restartIce()
  }

  has(kind, mimeType) {
    const { codecs } = RTCRtpReceiver.getCapabilities(kind)
    return codecs.some(codec => codec.mimeType.toLowerCase() === mimeType.toLowerCase())
  }

  dial(mid, tones) {
    this.#transceiver(mid).sender.dtmf.insertDTMF(tones, 100, 50)
  }

  // What comes back

  /** Statistics of one type, and of one kind of media, with the codec's name in them. */
  async stats(type, kind) {
    const report = await this.#connection.getStats()
    const found = [...report.values()].filter(each => each.type === type && (kind === undefined || each.kind === kind))
    return found.map(each => ({ ...each, mimeType: report.get(each.codecId)?.mimeType }))
  }

  /** The colours of a picture: the mean of each of its fields, red, green, blue. */
  #fields(source) {
    const canvas = Object.assign(document.createElement('canvas'), { width: FIELDS, height: FIELDS })
    const context = canvas.getContext('2d', { willReadFrequently: true })
    context.imageSmoothingQuality = 'high'
    context.drawImage(source, 0, 0, FIELDS, FIELDS)
    const { data } = context.getImageData(0, 0, FIELDS, FIELDS)
    return [...data].filter((_, at) => at % 4 !== 3)
  }

  /** What is to be seen of what comes. */
  shown(mid) {
    const element = this.#elements.get(this.#transceiver(mid))
    return element?.videoWidth > 0 ? this.#fields(element) : undefined
  }

  /** What is to be seen in a picture that was taken of the page, as base64 of a PNG. */
  async photographed(png) {
    const image = new Image()
    image.src = `data:image/png;base64,${png}`
    await image.decode()
    return this.#fields(image)
  }

  /** What is to be seen of what is sent. */
  async taken(name) {
    const element = Object.assign(document.createElement('video'), { muted: true, playsInline: true })
    element.srcObject = new MediaStream([this.#tracks.get(name)])
    await element.play()
    const fields = this.#fields(element)
    element.srcObject = null
    return fields
  }
}
