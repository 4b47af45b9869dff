/** A world with a TURN server in it, and connections that gather from it, for the specs of servers and relays. */

import { createPortableCrypto } from '../../lib/crypto/portable.ts'
import {
  hostSymbol,
  type RTCConfiguration,
  type RTCIceCandidate,
  RTCPeerConnection,
  type RTCPeerConnectionIceErrorEvent,
} from '../../lib/peer/index.ts'
import { type SimulatedHost, Simulation, seededRandom } from '../../lib/sim/index.ts'
import { createTurnServer } from '../turn/server.ts'

export const SERVER = '198.51.100.1'
export const USERS = { ada: 'secret' }
export const credentials = { username: 'ada', credential: 'secret' }

/** A world with a TURN server in it. */
export const createWorld = async (seed: number, options: Partial<Parameters<typeof createTurnServer>[1]> = {}) => {
  const sim = new Simulation({ seed, network: { delay: 10 } })
  const serverHost = sim.createHost({ addresses: [SERVER, '2001:db8:1::1'], name: 'server' })
  sim.setName('turn.example.org', [SERVER])
  const server = await sim.run(
    createTurnServer(serverHost, { addresses: [SERVER, '2001:db8:1::1'], users: USERS, tcp: true, ...options }),
  )
  let streams = seed * 31
  const connect = (host: SimulatedHost, configuration: RTCConfiguration) =>
    new RTCPeerConnection({
      ...configuration,
      [hostSymbol]: { host, crypto: createPortableCrypto(seededRandom(++streams)) },
    })
  return { sim, server, connect }
}

/** Gathers, and returns what was told. */
export const gathered = async (sim: Simulation, connection: RTCPeerConnection) => {
  const candidates: RTCIceCandidate[] = []
  const errors: RTCPeerConnectionIceErrorEvent[] = []
  connection.addEventListener('icecandidate', ({ candidate }) => {
    if (candidate?.candidate) candidates.push(candidate)
  })
  connection.addEventListener('icecandidateerror', event => errors.push(event))
  if (connection.sctp === null) connection.createDataChannel('x')
  await sim.run(connection.setLocalDescription())
  await sim.run(() => connection.iceGatheringState === 'complete')
  return { candidates, errors }
}
