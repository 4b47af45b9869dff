/** An ICE agent on a host, over whatever base it is given. */

import type { Base } from '../../lib/gather/base.ts'
import { IceAgent, type IceParameters, type IceRole, type IceState, type TcpType } from '../../lib/ice/index.ts'
import type { Cancellable, Host } from '../../lib/machine/index.ts'
import { nodeCrypto } from '../providers.ts'
import { data, packet, textOf } from './checks.ts'

export class AgentAt {
  readonly agent: IceAgent
  readonly heard: string[] = []
  base: Base | undefined
  state: IceState = 'new'
  lostPaths = 0
  readonly #host: Host
  #timer: Cancellable | undefined
  #armed = Number.POSITIVE_INFINITY

  constructor(host: Host, role: IceRole, parameters?: IceParameters) {
    this.#host = host
    this.agent = new IceAgent({
      crypto: nodeCrypto,
      role,
      ...(parameters && { parameters }),
      transmit: (packet, _socket, address, port) => this.base?.send(packet, address, port),
    })
  }

  /** Given to the base as its sink. */
  readonly receive = (bytes: Uint8Array, address: string, port: number, now: number): void => {
    if (bytes[0]! < 4) this.agent.receive(bytes, 0, address, port, now)
    else if (this.agent.admit(0, address, port, bytes.length, now)) this.heard.push(textOf(bytes))
    this.settle()
  }

  /** Given to a TCP base. */
  readonly lost = (address: string, port: number, now: number): void => {
    this.lostPaths++
    this.agent.pathLost(0, address, port, now)
    this.settle()
  }

  /** Takes the base into use, as the agent's only one. */
  use(base: Base, tcpType?: TcpType): void {
    this.base = base
    const now = this.#host.now()
    const { protocol, address, port } = base
    const tcp = tcpType === undefined ? {} : { tcpType }
    this.agent.addLocalCandidate({ socket: 0, type: 'host', protocol, address, port, ...tcp }, now)
    this.agent.endOfLocalCandidates(now)
    this.settle()
  }

  /** Tells this agent all of the other's candidates and its credentials. */
  learn(other: AgentAt): void {
    const now = this.#host.now()
    this.agent.setRemoteParameters(other.agent.localParameters, now)
    for (const candidate of other.agent.localCandidates) this.agent.addRemoteCandidate(candidate, now)
    this.agent.endOfRemoteCandidates(now)
    this.settle()
  }

  get connected(): boolean {
    return this.state === 'connected' || this.state === 'completed'
  }

  say(text: string): boolean {
    return this.agent.send(packet(data(text)), this.#host.now())
  }

  settle(): void {
    for (let event = this.agent.nextEvent(); event !== undefined; event = this.agent.nextEvent()) {
      if (event.type === 'state') this.state = event.state
    }
    const { deadline } = this.agent
    if (deadline === this.#armed) return
    this.#timer?.cancel()
    this.#armed = deadline
    this.#timer = deadline === Number.POSITIVE_INFINITY ? undefined : this.#host.schedule(deadline, this.#fire)
  }

  close(): void {
    this.agent.close(this.#host.now())
    this.settle()
    this.base?.close()
  }

  readonly #fire = (now: number): void => {
    this.#armed = Number.POSITIVE_INFINITY
    this.agent.advance(now)
    this.settle()
  }
}
