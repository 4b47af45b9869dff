/**
 * What stands behind an RTCPeerConnection: a session with its driver, sockets and certificate, and the tasks in which
 * what the session tells is told to the application.
 *
 * Nothing is fired while the application is inside one of our methods: what its call brings about comes in tasks.
 */

import { type Channel, ChannelError, type ChannelOptions } from '../channel/index.ts'
import type { Certificate } from '../crypto/index.ts'
import { exception } from '../idl/index.ts'
import { Driver } from '../machine/index.ts'
import { Session } from '../session/index.ts'
import { Callbacks } from './callbacks.ts'
import { certificateSlots, DEFAULT_VALIDITY, generate } from './certificate.ts'
import { type ChannelFace, Channels } from './channels.ts'
import type { Configuration } from './configuration.ts'
import { Connectivity, type ConnectivityOwner } from './connectivity.ts'
import type { RTCDataChannel } from './data-channel.ts'
import { RTCDataChannelEvent } from './data-channel-event.ts'
import type { DataChannelOwner } from './data-channel-slots.ts'
import { type Descriptions, describesData } from './descriptions.ts'
import type { ConnectionHost } from './host-symbol.ts'
import { Media } from './media.ts'
import { MediaAccess } from './media-access.ts'
import type { MediaSelector } from './media-owner.ts'
import { Negotiator, type NegotiatorOwner } from './negotiator.ts'
import { Reachability, type ReachabilityOwner } from './reachability.ts'
import type { RTCSdpType } from './session-description.ts'
import { SessionMachine } from './session-machine.ts'
import { sessionOptions } from './session-options.ts'
import { type ConnectionEvent, SessionTasks } from './session-tasks.ts'
import { StatsCollector } from './stats/collect.ts'
import { RTCStatsReport, StatsReportSlots } from './stats/report.ts'

export class Connection implements NegotiatorOwner, ConnectivityOwner, ReachabilityOwner, DataChannelOwner {
  readonly session: Session
  readonly negotiator: Negotiator
  readonly connectivity: Connectivity
  readonly media: Media
  readonly certified: Promise<unknown>
  configuration: Configuration
  closed = false
  /** Whether the peer takes trickled candidates; null before its first description. */
  canTrickle: boolean | null = null
  readonly #target: EventTarget
  readonly #world: ConnectionHost
  readonly #driver: Driver
  readonly #machine: SessionMachine
  readonly #tasks: SessionTasks
  readonly #reachability: Reachability
  readonly #channels: Channels
  readonly #callbacks: Callbacks
  readonly #stats: StatsCollector
  /** What the session presents; filled before the first description is made. */
  readonly #certificates: Certificate[] = []
  #opened = 0
  #left = 0
  /** The application is inside one of our methods. */
  #called = false
  /** A flush has been asked for and has not come. */
  #flushDue = false

  constructor(target: EventTarget, world: ConnectionHost, configuration: Configuration) {
    const { host, crypto } = world
    this.#target = target
    this.#world = world
    this.configuration = configuration
    this.#reachability = new Reachability(world, this)
    this.#callbacks = new Callbacks(host)
    const certificates = this.#certificates
    const { transmit } = this.#reachability
    const given = { crypto, certificates, transmit, timeOrigin: host.timeOrigin }
    this.session = new Session(sessionOptions(given, configuration, this.#callbacks))
    this.#machine = new SessionMachine(this.session, () => {
      this.#flushDue = false
    })
    this.#driver = new Driver(host, this.#machine, this.#drain)
    this.#tasks = new SessionTasks(host, {
      gather: mid => this.#reachability.gather(mid),
      name: (mid, candidate) => void this.#reachability.resolve(mid, candidate),
      transportsChanged: () => {
        this.connectivity.refresh()
        this.#reachability.keep()
      },
      face: mid => this.connectivity.transports.find(mid),
      handle: this.#handle,
    })
    this.#channels = new Channels(this)
    this.#stats = new StatsCollector(crypto)
    this.negotiator = new Negotiator(this)
    this.connectivity = new Connectivity(this)
    this.media = new Media(new MediaAccess(this, world, this.#callbacks))
    this.#reachability.fill()
    this.certified = this.#certify()
    // Whoever negotiates is told; without that, nobody misses it.
    this.certified.catch(() => {})
  }

  get descriptions(): Descriptions {
    return this.negotiator.descriptions
  }

  now(): number {
    return this.#world.host.now()
  }

  queueTask(task: () => void): void {
    this.#tasks.queue(task)
  }

  dispatch(event: Event): void {
    this.#target.dispatchEvent(event)
  }

  fire(type: string): void {
    this.dispatch(new Event(type))
  }

  touch(): void {
    if (this.closed) return
    const outer = this.#called
    this.#called = true
    this.#driver.touch()
    this.#called = outer
  }

  // Negotiation

  applied(remote: boolean, type: RTCSdpType, wasStable: boolean): () => void {
    if (remote && type !== 'rollback') this.canTrickle = this.session.canTrickle
    const description = remote ? this.descriptions.remote : this.descriptions.local
    const data = type !== 'rollback' && description !== null && describesData(description.sdp)
    this.connectivity.applied(type, wasStable, data)
    if (type === 'answer') this.#reachability.closePool()
    this.#reachability.expectPeers()
    const offer = type === 'offer' && !remote ? description?.sdp : undefined
    const changes = this.media.applied(remote, type, wasStable, offer)
    return () => changes.tell(event => this.dispatch(event))
  }

  candidateAdded(): void {
    this.connectivity.refresh()
    this.#reachability.expectPeers()
  }

  async #certify(): Promise<void> {
    const { certificates } = this.configuration
    if (certificates.length > 0) {
      this.#certificates.push(...certificates.map(item => certificateSlots(item).certificate))
    } else {
      const { certificate } = await generate(this.#world, { type: 'ec-p256' }, DEFAULT_VALIDITY)
      this.#certificates.push(certificate)
    }
  }

  // The peer, and where it can be reached

  receive(packet: Uint8Array, socket: number, address: string, port: number, now: number): void {
    this.#machine.receive(packet, socket, address, port, now)
    this.#driver.touch()
  }

  /** The configuration has changed. */
  reconfigured(): void {
    this.#reachability.fill()
  }

  /** ICE has found a pair. */
  connected(mid: string): void {
    this.#reachability.rest(mid)
  }

  // Channels

  /** Throws `OperationError` when the id is taken or none is left. */
  createDataChannel(options: ChannelOptions, context: string): RTCDataChannel {
    const { maxChannels } = this.connectivity
    if (maxChannels !== undefined && options.id !== undefined && options.id >= maxChannels) {
      throw exception('OperationError', `${context}: The id ${options.id} is beyond the negotiated streams.`)
    }
    const first = !this.#channels.created
    const { face } = this.#createChannel(options, context)
    if (first) {
      this.#channels.created = true
      this.negotiator.changed()
    }
    this.touch()
    return face
  }

  #createChannel(options: ChannelOptions, context: string): ChannelFace {
    try {
      return this.#channels.add(this.session.createChannel(options))
    } catch (error) {
      if (!(error instanceof ChannelError)) throw error
      if (error.code === 'invalid-state') return this.#channels.addFailed(options, error.message)
      throw exception('OperationError', `${context}: ${error.message}`)
    }
  }

  get maxMessageSize(): number {
    return this.connectivity.maxMessageSize
  }

  send(channel: Channel, data: Uint8Array, text: boolean, owned: boolean): void {
    this.session.send(channel, data, text, this.now(), owned)
    this.flushSoon()
  }

  /** Nothing is due before the flush: of the messages of one turn, the first asks for it. */
  flushSoon(): void {
    if (this.#flushDue) return
    this.#flushDue = true
    this.touch()
  }

  closeChannel(channel: Channel): void {
    if (this.closed || channel.state === 'closed') return
    this.session.closeChannel(channel, this.now())
    this.touch()
  }

  counted(what: 'opened' | 'closed'): void {
    if (what === 'opened') this.#opened++
    else this.#left++
  }

  // Statistics and the end

  /** A report of now, in a task of its own; also when the connection is closed. */
  stats(selector?: MediaSelector): Promise<RTCStatsReport> {
    return new Promise(resolve => this.#world.host.queueTask(() => resolve(this.#report(selector))))
  }

  #report(selector: MediaSelector | undefined): RTCStatsReport {
    const { sctp, channels, datagramSize } = this.session
    const connected = sctp !== undefined && channels.state === 'connected'
    const entries = this.#stats.collect(
      {
        transports: this.connectivity.transports.list,
        channels: this.#channels.all,
        association: connected ? { view: channels.association, transport: sctp.transport, datagramSize } : undefined,
        dataChannelsOpened: this.#opened,
        dataChannelsClosed: this.#left,
        localCertificate: this.#certificates[0]?.der,
        localFingerprintHash: this.configuration.fingerprintAlgorithms?.[0] ?? 'sha-256',
        exposeRemoteAddresses: this.configuration.exposeRemoteAddresses === true,
        media: this.media.list,
        selector,
      },
      this.#world.host.timeOrigin + this.now(),
      this.#world.host.timeOrigin,
    )
    return new RTCStatsReport(new StatsReportSlots(entries))
  }

  /** Closes the connection (webrtc-pc, 4.4.2): every state is `closed` when it returns, and no event of a state tells so. */
  close(): void {
    if (this.closed) return
    this.closed = true
    this.negotiator.close()
    this.#channels.abandon()
    this.media.close()
    this.connectivity.close()
    this.#tasks.close()
    this.#driver.stop()
    if (this.#machine.working || this.#callbacks.running) this.#world.host.queueTask(this.#release)
    else this.#release()
  }

  readonly #release = (): void => {
    this.session.close(this.now())
    this.#reachability.close()
  }

  // What the session tells

  readonly #drain = (): void => {
    if (!this.#called && !this.#callbacks.running && !this.closed) this.#tasks.drain(this.session)
  }

  readonly #handle = (event: ConnectionEvent): void => {
    const { connectivity } = this
    switch (event.type) {
      case 'transport':
        connectivity.transportTold(event)
        break
      case 'ice-change':
        connectivity.iceChanged(event)
        break
      case 'association':
        connectivity.associationChanged(event, this.session.channels.maxChannels)
        break
      case 'incoming': {
        const { slots, face } = this.#channels.add(event.channel)
        slots.becomeOpen()
        this.dispatch(new RTCDataChannelEvent('datachannel', { channel: face }))
        break
      }
      case 'announce-open':
        this.#channels.announceOpen(event.channel)
        break
      case 'key-frame-requested':
      case 'ssrc-changed':
      case 'media':
      case 'goodbye':
        this.media.handle(event)
        break
      default:
        this.#channels.handle(event)
    }
  }
}
