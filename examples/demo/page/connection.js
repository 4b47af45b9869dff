/**
 * One connection to the process: signalling over a WebSocket, a peer connection, its data channels.
 *
 * Tells what happens by events: `state` (detail: text), `stats` and `stage` (detail: what the process sent), `track` (detail:
 * the RTCTrackEvent), `ended`.
 */

const CHANNELS = {
  chat: {},
  // A late answer is of no use to a plot.
  ping: { ordered: false, maxRetransmits: 0 },
  bulk: {},
  file: {},
}

export class Connection extends EventTarget {
  #socket
  #ended = false
  /** Milliseconds from the start of signalling to an open channel; undefined until then. */
  openTime

  constructor() {
    super()
    const began = performance.now()
    this.peer = new RTCPeerConnection()
    /** @type {Record<string, RTCDataChannel>} */
    this.channels = {}
    for (const [label, options] of Object.entries(CHANNELS)) {
      const channel = this.peer.createDataChannel(label, options)
      channel.binaryType = 'arraybuffer'
      channel.addEventListener('open', () => {
        this.openTime ??= performance.now() - began
        this.#tell('open', channel)
      })
      channel.addEventListener('close', () => this.end())
      this.channels[label] = channel
    }
    this.peer.onicecandidate = ({ candidate }) => this.#send({ candidate })
    this.peer.onconnectionstatechange = () => {
      this.#tell('state', this.peer.connectionState)
      if (this.peer.connectionState === 'failed') this.end()
    }
    this.peer.ontrack = event => this.#tell('track', event)
    this.peer.onnegotiationneeded = () => this.#offer()
    this.#socket = new WebSocket(`ws://${location.host}/signal`)
    this.#socket.onopen = () => this.#offer()
    this.#socket.onmessage = ({ data }) => this.#receive(JSON.parse(data))
    this.#socket.onclose = () => this.end()
    this.#tell('state', 'new')
  }

  restartIce() {
    this.peer.restartIce()
  }

  end() {
    if (this.#ended) return
    this.#ended = true
    this.#socket.close()
    this.peer.close()
    this.#tell('ended')
  }

  /** @param {string} type @param {unknown} [detail] */
  #tell(type, detail) {
    // Later, so that whoever creates the connection hears of its beginning.
    queueMicrotask(() => this.dispatchEvent(new CustomEvent(type, { detail })))
  }

  async #offer() {
    if (this.#socket.readyState !== WebSocket.OPEN || this.peer.signalingState !== 'stable') return
    try {
      await this.peer.setLocalDescription()
      this.#send({ description: this.peer.localDescription })
    } catch (error) {
      console.error(error)
      this.end()
    }
  }

  async #receive({ description, candidate, stats, sctp, stage }) {
    try {
      if (description) await this.peer.setRemoteDescription(description)
      else if (candidate !== undefined) await this.peer.addIceCandidate(candidate)
      else if (stats) this.#tell('stats', { stats, sctp })
      else if (stage) this.#tell('stage', stage)
    } catch (error) {
      if (this.#ended) return
      console.error(error)
      this.end()
    }
  }

  #send(message) {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message))
  }
}
