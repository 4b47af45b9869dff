/**
 * Peers at places of the simulated internet, each behind what stands there, with one server for all that does STUN and
 * TURN: over UDP, TCP, and TLS on port 443.
 */

import { createPortableCrypto } from '../../lib/crypto/portable.ts'
import { hostSymbol, type RTCConfiguration, RTCPeerConnection } from '../../lib/peer/index.ts'
import {
  type Firewall,
  type LinkOptions,
  type Nat,
  type NatOptions,
  type SimulatedHost,
  Simulation,
  seededRandom,
} from '../../lib/sim/index.ts'
import { createTurnServer, type TurnServer } from '../turn/server.ts'

export const SERVER = '203.0.113.1'
const SERVER_NAME = 'turn.example.org'

export const ICE_SERVERS = [
  { urls: [`stun:${SERVER}`] },
  {
    urls: [`turn:${SERVER}`, `turn:${SERVER}?transport=tcp`, `turns:${SERVER_NAME}:443`],
    username: 'ada',
    credential: 'secret',
  },
]

export interface Internet {
  readonly sim: Simulation
  readonly server: TurnServer
}

export const createInternet = async (seed: number, network: LinkOptions = { delay: 20 }): Promise<Internet> => {
  const sim = new Simulation({ seed, network })
  sim.setName(SERVER_NAME, [SERVER])
  const server = await createTurnServer(sim.createHost({ addresses: [SERVER], name: 'server' }), {
    addresses: [SERVER],
    users: { ada: 'secret' },
    tcp: true,
    tls: { port: 443, names: [SERVER_NAME] },
    crypto: createPortableCrypto(seededRandom(seed ^ 0x5eed)),
  })
  return { sim, server }
}

/** A host with a private address behind a NAT of its own, whose outside address ends in `number`. */
export const behindNat = (
  { sim }: Internet,
  number: number,
  options: Partial<NatOptions>,
  behind?: Nat | Firewall,
): SimulatedHost => {
  const nat = sim.createNat({ addresses: [`198.51.100.${number}`], ...(behind && { behind }), ...options })
  // The same inside everywhere, as it is in homes.
  return sim.createHost({ addresses: ['192.168.0.2'], behind: nat })
}

export const peerAt = (host: SimulatedHost, seed: number, configuration: RTCConfiguration = {}): RTCPeerConnection =>
  new RTCPeerConnection({
    iceServers: ICE_SERVERS,
    ...configuration,
    [hostSymbol]: { host, crypto: createPortableCrypto(seededRandom(seed)) },
  })

export interface Ending {
  /** Both are connected, and a message has come through each way. */
  readonly connected: boolean
  /** Types of the selected pair's candidates, as `a` sees it: `host srflx`. */
  readonly pair: string
  /** Whether a relay is on the way. */
  readonly relayed: boolean
  /** How the relay of `a` was reached, if its own candidate is a relayed one. */
  readonly relayProtocol: string | null
  /** Virtual milliseconds until the channel was open. */
  readonly time: number
}

/** Lets the two connect, and tells on what they end when ICE has come to rest. Closes both. */
export const endingOf = async (sim: Simulation, a: RTCPeerConnection, b: RTCPeerConnection): Promise<Ending> => {
  a.onicecandidate = ({ candidate }) => void b.addIceCandidate(candidate)
  b.onicecandidate = ({ candidate }) => void a.addIceCandidate(candidate)
  const channel = a.createDataChannel('data')
  const heard: unknown[] = []
  channel.onmessage = ({ data }) => heard.push(data)
  b.ondatachannel = ({ channel: other }) => {
    other.onmessage = ({ data }) => other.send(`${data}, and back`)
  }
  const begin = sim.now()
  await sim.run(
    (async () => {
      await a.setLocalDescription()
      await b.setRemoteDescription(a.localDescription!)
      await b.setLocalDescription()
      await a.setRemoteDescription(b.localDescription!)
    })(),
  )
  await sim.run(() => channel.readyState === 'open' || a.connectionState === 'failed')
  const time = sim.now() - begin
  // A better pair may still take over.
  await sim.elapse(5_000)
  if (channel.readyState === 'open') channel.send('there')
  const patience = sim.now() + 30_000
  await sim.run(() => heard.length > 0 || channel.readyState !== 'open' || sim.now() > patience)
  const pair = a.sctp!.transport.iceTransport.getSelectedCandidatePair()
  const types = [pair?.local.type, pair?.remote.type]
  const ending = {
    connected: heard.length === 1 && heard[0] === 'there, and back',
    pair: types.join(' '),
    relayed: types.includes('relay'),
    relayProtocol: pair?.local.relayProtocol ?? null,
    time,
  }
  a.close()
  b.close()
  await sim.elapse(1_000)
  return ending
}
