/** A gatherer behind a NAT and the servers that it asks, for the specs of gathering from servers. */

import { Packet } from '../../lib/bytes/index.ts'
import { BaseTable, type GatherError, Gatherer, type GatherOptions, type GatherServer } from '../../lib/gather/index.ts'
import type { LocalCandidateInit } from '../../lib/ice/index.ts'
import { type SimulatedHost, Simulation } from '../../lib/sim/index.ts'
import { decodeStun, parseServerUri, type StunMessage } from '../../lib/stun/index.ts'
import { seededCrypto } from '../providers.ts'
import { createTurnServer, type TurnServer, type TurnServerOptions } from '../turn/server.ts'

export const SERVER = '198.51.100.1'
export const OTHER = '198.51.100.2'
export const credentials = { username: 'ada', password: 'secret' }

export const to = (url: string, more: Partial<GatherServer> = {}): GatherServer => ({
  url,
  uri: parseServerUri(url)!,
  ...more,
})

/** A gatherer on a host of its own, and what it has told. */
export class Asking {
  readonly sim = new Simulation({ seed: 7, network: { delay: 20 } })
  readonly host: SimulatedHost
  readonly table = new BaseTable()
  readonly candidates: (LocalCandidateInit & { at: number })[] = []
  readonly errors: (GatherError & { at: number })[] = []
  readonly ends: number[] = []
  readonly gone: number[] = []
  options: GatherOptions
  gatherer!: Gatherer

  constructor(servers: readonly GatherServer[], options: Partial<GatherOptions> = {}) {
    this.host = this.sim.createHost({
      addresses: ['192.0.2.1'],
      behind: this.sim.createNat({ addresses: ['203.0.113.9'] }),
    })
    const policies = { policy: 'all', includeLoopback: false, tcp: [], publishNames: false, advertise: [] } as const
    this.options = { ...policies, servers, ...options }
  }

  server(options: Partial<TurnServerOptions> = {}, address = SERVER): Promise<TurnServer> {
    const host = this.sim.createHost({ addresses: [address] })
    const users = { ada: 'secret' }
    return this.sim.run(createTurnServer(host, { addresses: [address], users, crypto: seededCrypto(9), ...options }))
  }

  /** What answers STUN at an address as it pleases. */
  async answering(
    answer: (message: StunMessage) => Uint8Array | undefined,
    address = SERVER,
  ): Promise<{ asked: number }> {
    const host = this.sim.createHost({ addresses: [address] })
    const counter = { asked: 0 }
    const socket = await host.openDatagram({
      address,
      port: 3478,
      receive: (bytes, from, port) => {
        counter.asked++
        const reply = answer(decodeStun(bytes.slice())!)
        if (reply !== undefined) socket.send(Packet.copy(reply), from, port)
      },
    })
    return counter
  }

  /** Asks; the promise is that of `gather`. */
  start(): Promise<void> {
    if (this.gatherer === undefined) {
      const mdns = { publish: async () => '', withdraw: () => {} }
      this.gatherer = new Gatherer({ host: this.host, crypto: seededCrypto(5), table: this.table, mdns }, this.options)
      this.gatherer.attach({
        candidate: init => this.candidates.push({ ...init, at: this.sim.now() }),
        failed: error => this.errors.push({ ...error, at: this.sim.now() }),
        ended: () => this.ends.push(this.sim.now()),
        receive: () => {},
        pathLost: () => {},
        baseGone: socket => this.gone.push(socket),
      })
    }
    return this.gatherer.gather(this.options)
  }

  of(type: string): (LocalCandidateInit & { at: number })[] {
    return this.candidates.filter(item => item.type === type)
  }

  /** Closes; tells what is left. */
  async end(...servers: TurnServer[]): Promise<number> {
    this.gatherer.close()
    await this.sim.elapse(1000)
    for (const server of servers) server.close()
    await this.sim.elapse(60_000)
    return this.sim.pending + this.host.openSockets
  }
}
