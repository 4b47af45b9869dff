/** The page's camera, back from the process, and the camera of another page. */

import { rate } from './format.js'

const WANTED = { audio: true, video: { width: { ideal: 640 }, height: { ideal: 480 } } }

/** Where there is no camera: a moving picture, so that there is something to send. */
const testPicture = () => {
  const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 480 })
  const context = canvas.getContext('2d')
  let step = 0
  const timer = setInterval(() => {
    step++
    context.fillStyle = `hsl(${step % 360} 60% 40%)`
    context.fillRect(0, 0, 640, 480)
    context.fillStyle = 'white'
    context.font = '64px sans-serif'
    context.fillText(String(step), 40 + (step % 400), 260)
  }, 50)
  const stream = canvas.captureStream(20)
  stream.getVideoTracks()[0].addEventListener('ended', () => clearInterval(timer))
  return stream
}

/** How fast a number that a report has has grown since the report before. */
class Rate {
  #last
  #at

  of(amount, at) {
    const grown = this.#at === undefined ? 0 : amount - this.#last
    const elapsed = this.#at === undefined ? 1 : at - this.#at
    this.#last = amount
    this.#at = at
    return { grown, elapsed }
  }
}

export class Camera {
  #share = document.querySelector('#share')
  #watch = document.querySelector('#watch')
  #note = document.querySelector('#camera-note')
  #screens = { echo: document.querySelector('#echo'), other: document.querySelector('#other') }
  #peer
  #stream
  /** @type {RTCRtpTransceiver[]} */
  #shared = []
  /** @type {RTCRtpTransceiver[]} */
  #watched = []
  #rates = new Map()

  constructor() {
    this.#share.addEventListener('click', () => (this.#stream ? this.#stopSharing() : this.#startSharing()))
    this.#watch.addEventListener('click', () => (this.#isWatching ? this.#stopWatching() : this.#startWatching()))
  }

  /** @param {RTCPeerConnection | undefined} peer */
  attach(peer) {
    if (peer === this.#peer && peer !== undefined) return
    this.#peer = peer
    this.#share.disabled = peer === undefined
    this.#watch.disabled = true
    if (peer !== undefined) return
    this.#release()
    this.#shared = []
    this.#watched = []
    this.#rates.clear()
    for (const screen of Object.values(this.#screens)) screen.srcObject = null
    this.#name()
  }

  async #startSharing() {
    const peer = this.#peer
    this.#share.disabled = true
    this.#note.textContent = ''
    try {
      this.#stream = await navigator.mediaDevices.getUserMedia(WANTED)
    } catch (error) {
      this.#note.textContent = `No camera (${error.name}): a test picture is sent.`
      this.#stream = testPicture()
    }
    if (peer !== this.#peer) return this.#release()
    for (const track of this.#stream.getTracks()) {
      const idle = this.#shared.find(({ receiver }) => receiver.track.kind === track.kind)
      if (idle === undefined) {
        this.#shared.push(peer.addTransceiver(track, { streams: [this.#stream] }))
      } else {
        await idle.sender.replaceTrack(track)
        idle.direction = 'sendrecv'
      }
    }
    this.#share.disabled = false
    this.#name()
  }

  #stopSharing() {
    this.#release()
    for (const transceiver of this.#shared) {
      transceiver.sender.replaceTrack(null)
      transceiver.direction = 'inactive'
    }
    this.#screens.echo.srcObject = null
    this.#name()
  }

  #release() {
    for (const track of this.#stream?.getTracks() ?? []) {
      track.stop()
      track.dispatchEvent(new Event('ended'))
    }
    this.#stream = undefined
  }

  get #isWatching() {
    return this.#watched.some(({ direction }) => direction === 'recvonly')
  }

  #startWatching() {
    if (this.#watched.length === 0) {
      this.#watched = ['audio', 'video'].map(kind => this.#peer.addTransceiver(kind, { direction: 'recvonly' }))
    } else {
      for (const transceiver of this.#watched) transceiver.direction = 'recvonly'
    }
    this.#screens.other.srcObject = new MediaStream(this.#watched.map(({ receiver }) => receiver.track))
    this.#name()
  }

  #stopWatching() {
    for (const transceiver of this.#watched) transceiver.direction = 'inactive'
    this.#screens.other.srcObject = null
    this.#name()
  }

  /** What comes back of what was sent. */
  take({ transceiver }) {
    if (!this.#shared.includes(transceiver)) return
    this.#screens.echo.srcObject = new MediaStream(this.#shared.map(({ receiver }) => receiver.track))
  }

  /** @param {{ live: boolean, viewers: number }} programme */
  show({ live, viewers }) {
    this.#watch.disabled = this.#peer === undefined || (!live && !this.#isWatching)
    this.#figure('viewers', String(viewers))
  }

  #name() {
    this.#share.textContent = this.#stream ? 'Stop sharing' : 'Share camera'
    this.#watch.textContent = this.#isWatching ? 'Stop watching' : 'Watch the other page'
  }

  #figure(name, text) {
    document.querySelector(`#camera-figures [data-figure=${name}]`).textContent = text
  }

  #rate(name, amount, at) {
    if (!this.#rates.has(name)) this.#rates.set(name, new Rate())
    return this.#rates.get(name).of(amount, at)
  }

  /** @param {object[]} process The process's statistics; the page's own are asked for. */
  async count(process) {
    const of = type => process.filter(entry => entry.type === type)
    const sum = (list, name) => list.reduce((total, entry) => total + (entry[name] ?? 0), 0)
    const [inbound, outbound] = [of('inbound-rtp'), of('outbound-rtp')]
    const at = process[0]?.timestamp ?? 0
    if (inbound.length + outbound.length > 0) {
      const amount = (name, list, count, size) => {
        const { grown, elapsed } = this.#rate(name, sum(list, size), at)
        this.#figure(name, `${sum(list, count)} packets, ${rate(grown, elapsed)}`)
      }
      amount('received', inbound, 'packetsReceived', 'bytesReceived')
      amount('sent', outbound, 'packetsSent', 'bytesSent')
      this.#figure('nacks', `${sum(inbound, 'nackCount')} / ${sum(outbound, 'nackCount')}`)
      this.#figure('keys', `${sum(inbound, 'pliCount')} / ${sum(outbound, 'pliCount')}`)
    }
    if (this.#peer === undefined) return
    const report = [...(await this.#peer.getStats()).values()]
    for (const [name, list] of Object.entries({ echo: this.#shared, other: this.#watched })) {
      const video = list.find(({ receiver }) => receiver.track.kind === 'video')
      const stats = report.find(({ type, mid }) => type === 'inbound-rtp' && mid !== undefined && mid === video?.mid)
      const output = document.querySelector(`#${name}-figures`)
      if (!stats) {
        output.textContent = '–'
        continue
      }
      const { grown, elapsed } = this.#rate(`${name} frames`, stats.framesDecoded ?? 0, stats.timestamp)
      const size = stats.frameWidth ? `${stats.frameWidth} × ${stats.frameHeight}, ` : ''
      output.textContent = `${size}${stats.framesDecoded ?? 0} frames, ${Math.round((grown * 1000) / elapsed)} a second`
    }
  }
}
