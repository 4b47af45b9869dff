/**
 * ICE alone: two agents find each other over a wire in memory, in virtual time, and exchange a datagram.
 *
 * The agents do no I/O and read no clock: this program carries what they transmit, and calls `advance` when they ask.
 */

import { Packet, utf8 } from 'purertc/bytes'
import { nodeCrypto as crypto } from 'purertc/crypto/node'
import { formatCandidate, IceAgent, type IceRole, parseCandidate } from 'purertc/ice'

const DELAY = 25
const flying: { at: number; land: () => void }[] = []
let now = 0

class Peer {
  readonly agent: IceAgent
  other: Peer | undefined

  constructor(
    readonly name: string,
    role: IceRole,
    readonly address: string,
    readonly port: number,
  ) {
    this.agent = new IceAgent({
      crypto,
      role,
      transmit: packet => {
        const bytes = packet.view().slice()
        packet.release()
        flying.push({ at: now + DELAY, land: () => this.other?.receive(bytes, address, port) })
      },
    })
    this.agent.addHostCandidate({ socket: 0, address, port }, now)
    this.agent.endOfLocalCandidates(now)
  }

  /** What signalling would carry: credentials, candidates, and that there are no more. */
  meet(other: Peer): void {
    this.other = other
    this.agent.setRemoteParameters(other.agent.localParameters, now)
    for (const candidate of other.agent.localCandidates) {
      const line = formatCandidate(candidate)
      console.log(`${this.name} learns of ${line.replace(/ ufrag .*/, '')}`)
      const parsed = parseCandidate(line)
      if (parsed !== undefined) this.agent.addRemoteCandidate(parsed, now)
    }
    this.agent.endOfRemoteCandidates(now)
  }

  receive(bytes: Uint8Array, address: string, port: number): void {
    // The first byte tells STUN from the rest (RFC 7983).
    if (bytes[0]! < 4) this.agent.receive(bytes, 0, address, port, now)
    else if (this.agent.admit(0, address, port, bytes.length, now))
      console.log(`${now} ms: ${this.name} hears ${new TextDecoder().decode(bytes)}`)
  }

  tell(): void {
    for (let event = this.agent.nextEvent(); event !== undefined; event = this.agent.nextEvent()) {
      if (event.type === 'state') console.log(`${now} ms: ${this.name} is ${event.state}`)
      if (event.type === 'selected')
        console.log(`${now} ms: ${this.name} selects ${event.pair.local.address} -> ${event.pair.remote.address}`)
    }
  }
}

const peers = [
  new Peer('Ada', 'controlling', '192.0.2.1', 5001),
  new Peer('Bob', 'controlled', '192.0.2.2', 5002),
] as const
const [ada, bob] = peers
ada.meet(bob)
bob.meet(ada)

/** Lets virtual time pass until `end` milliseconds. */
const run = (end: number): void => {
  for (;;) {
    for (const peer of peers) peer.tell()
    const next = Math.min(...flying.map(({ at }) => at), ...peers.map(({ agent }) => agent.deadline))
    if (next > end) break
    now = Math.max(now, next)
    for (const datagram of flying.splice(0)) {
      if (datagram.at <= now) datagram.land()
      else flying.push(datagram)
    }
    for (const { agent } of peers) agent.advance(now)
  }
  now = end
}

run(200)
ada.agent.send(Packet.of(utf8('hello')), now)
run(300)
console.log(`round trip ${ada.agent.roundTripTime} ms`)
for (const { agent } of peers) agent.close(now)
run(400)
