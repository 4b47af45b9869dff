/** Connections on hosts of a simulation, and calls between them: signalling is perfect, the network is not. */

import { createPortableCrypto } from '../../lib/crypto/portable.ts'
import { hostSymbol, type RTCConfiguration, type RTCDataChannel, RTCPeerConnection } from '../../lib/peer/index.ts'
import { type LinkOptions, type SimulatedHost, Simulation, seededRandom } from '../../lib/sim/index.ts'

export interface Call {
  readonly channel: RTCDataChannel
  /** What the callee has heard. */
  readonly heard: unknown[]
  /** Sends a text over the channel and waits until it has come through. */
  say(text: string): Promise<void>
  /** The types of the candidates of the selected pair, as `host udp - prflx udp`, the caller's first. */
  readonly path: string
  close(): void
}

export class World {
  readonly sim: Simulation
  readonly #seed: number
  #connections = 0

  constructor(seed: number, network: LinkOptions = { delay: 10 }) {
    this.#seed = seed
    this.sim = new Simulation({ seed, network })
  }

  connect(host: SimulatedHost, configuration: RTCConfiguration = {}): RTCPeerConnection {
    const crypto = createPortableCrypto(seededRandom(this.#seed * 1009 + ++this.#connections))
    return new RTCPeerConnection({ ...configuration, [hostSymbol]: { host, crypto } })
  }

  /** Offers from `a` to `b` and answers, every candidate trickled. */
  async negotiate(a: RTCPeerConnection, b: RTCPeerConnection): Promise<void> {
    a.onicecandidate = ({ candidate }) => void b.addIceCandidate(candidate).catch(() => {})
    b.onicecandidate = ({ candidate }) => void a.addIceCandidate(candidate).catch(() => {})
    await a.setLocalDescription()
    await b.setRemoteDescription(a.localDescription!)
    await b.setLocalDescription()
    await a.setRemoteDescription(b.localDescription!)
  }

  /** Opens a channel from `a` to `b`. Rejects as `Simulation.run` does when that takes longer than `limit` ms. */
  async call(a: RTCPeerConnection, b: RTCPeerConnection, limit = 60_000): Promise<Call> {
    const { sim } = this
    const channel = a.createDataChannel('call')
    const heard: unknown[] = []
    b.ondatachannel = event => {
      event.channel.onmessage = ({ data }) => heard.push(data)
    }
    await sim.run(this.negotiate(a, b), { limit })
    await sim.run(() => channel.readyState === 'open', { limit })
    return {
      channel,
      heard,
      say: async text => {
        channel.send(text)
        await sim.run(() => heard.includes(text), { limit })
      },
      get path() {
        const pair = a.sctp?.transport.iceTransport.getSelectedCandidatePair()
        if (!pair) return ''
        return `${pair.local.type} ${pair.local.protocol} - ${pair.remote.type} ${pair.remote.protocol}`
      },
      close: () => {
        a.close()
        b.close()
      },
    }
  }
}
