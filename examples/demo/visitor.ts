/**
 * One page and its connection: signalling comes over a WebSocket, the rest over data channels that the page opens, and over
 * its camera.
 *
 * Each signalling message is JSON with one member: `description` or `candidate` in both directions, `stats` from the
 * process, once a second, and `stage`, when another page begins or ends to show its camera.
 */

import { type RTCDataChannel, RTCPeerConnection } from 'purertc'
import type { WebSocket } from 'ws'
import { serveBulk } from './bulk.ts'
import { serveFiles } from './file-echo.ts'
import { CameraDesk, type Stage } from './stage.ts'

interface Signal {
  readonly description?: { readonly type: 'offer' | 'answer' | 'pranswer' | 'rollback'; readonly sdp: string }
  readonly candidate?: { readonly candidate: string; readonly sdpMid: string | null } | null
}

const STATS_EVERY = 1000

const serve: Readonly<Record<string, (channel: RTCDataChannel) => void>> = {
  chat: channel => {
    channel.onmessage = ({ data }) => channel.send(`You said: ${data}`)
    channel.send(`Hello from process ${process.pid}, Node ${process.version}. Whatever you write comes back.`)
  },
  ping: channel => {
    channel.binaryType = 'arraybuffer'
    channel.onmessage = ({ data }) => channel.send(data as ArrayBuffer)
  },
  bulk: serveBulk,
  file: serveFiles,
}

/** Connects to the page at the other end of `socket`, until the page or `close` ends it. */
export class Visitor {
  readonly #socket: WebSocket
  readonly #name: string
  readonly #log: (line: string) => void
  // A page on this machine may come by any of its addresses, and is to be shown which.
  readonly #connection = new RTCPeerConnection({ includeLoopback: true, exposeRemoteAddresses: true })
  readonly #timer: NodeJS.Timeout
  readonly #stage: Stage
  readonly #camera: CameraDesk

  constructor(socket: WebSocket, name: string, stage: Stage, log: (line: string) => void) {
    this.#socket = socket
    this.#stage = stage
    this.#name = name
    this.#log = log
    const connection = this.#connection
    connection.onicecandidate = ({ candidate }) => this.#send({ candidate })
    connection.ondatachannel = ({ channel }) => {
      const start = serve[channel.label]
      if (start === undefined) return channel.close()
      channel.onerror = () => {}
      start(channel)
    }
    connection.onconnectionstatechange = () => {
      const state = connection.connectionState
      this.#log(`${this.#name}: ${state}`)
      if (state === 'connected') void this.#sendStats()
    }
    socket.on('message', data => this.#receive(String(data)))
    socket.on('close', () => this.#end())
    socket.on('error', () => socket.terminate())
    this.#camera = new CameraDesk(connection, stage, programme => this.#send({ stage: programme }))
    this.#timer = setInterval(() => void this.#sendStats(), STATS_EVERY)
  }

  close(): void {
    this.#socket.close(1001, 'the process ends')
    this.#end()
  }

  #end(): void {
    clearInterval(this.#timer)
    if (this.#connection.connectionState === 'closed') return
    this.#camera.close()
    this.#connection.close()
    this.#log(`${this.#name}: left`)
  }

  #send(message: object): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(JSON.stringify(message))
  }

  async #receive(text: string): Promise<void> {
    const connection = this.#connection
    try {
      const { description, candidate } = JSON.parse(text) as Signal
      if (description) {
        await connection.setRemoteDescription(description)
        if (description.type !== 'offer') return
        await this.#camera.prepareAnswer()
        await connection.setLocalDescription()
        this.#send({ description: connection.localDescription })
        this.#stage.changed()
      } else if (candidate !== undefined) {
        await connection.addIceCandidate(candidate)
      }
    } catch (error) {
      if (connection.connectionState === 'closed') return
      this.#log(`${this.#name}: ${error}`)
      this.#socket.close(1008, 'signalling failed')
    }
  }

  async #sendStats(): Promise<void> {
    const connection = this.#connection
    if (connection.connectionState === 'closed') return
    const report = await connection.getStats()
    const { sctp } = connection
    this.#send({
      stats: [...report.values()],
      sctp: sctp && { state: sctp.state, maxMessageSize: sctp.maxMessageSize, maxChannels: sctp.maxChannels },
    })
  }
}
