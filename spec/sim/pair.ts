/** Two RTCPeerConnections on a simulated network, signalling to each other without loss, in virtual time. */

import { createPortableCrypto } from '../../lib/crypto/portable.ts'
import { hostSymbol, type RTCConfiguration, RTCPeerConnection } from '../../lib/peer/index.ts'
import { type LinkOptions, Simulation, seededRandom } from '../../lib/sim/index.ts'

export { pattern } from './pattern.ts'

export interface Pair {
  readonly sim: Simulation
  /** The offerer. */
  readonly a: RTCPeerConnection
  readonly b: RTCPeerConnection
  /** Offers from `a` (or the other way round), answers, and applies all of it. */
  negotiate(from?: RTCPeerConnection): Promise<void>
}

export interface PairOptions {
  readonly seed: number
  readonly network?: LinkOptions
  readonly a?: RTCConfiguration
  readonly b?: RTCConfiguration
}

/** A connection on a machine of its own. */
export const createConnection = (
  sim: Simulation,
  address: string,
  seed: number,
  configuration?: RTCConfiguration,
): RTCPeerConnection => {
  const host = sim.createHost({ addresses: [address] })
  return new RTCPeerConnection({
    ...configuration,
    [hostSymbol]: { host, crypto: createPortableCrypto(seededRandom(seed)) },
  })
}

export const createPair = ({ seed, network, a: ofA, b: ofB }: PairOptions): Pair => {
  const sim = new Simulation({ seed, ...(network && { network }) })
  const a = createConnection(sim, '10.0.0.1', seed * 31 + 1, ofA)
  const b = createConnection(sim, '10.0.0.2', seed * 31 + 2, ofB)
  a.onicecandidate = ({ candidate }) => void b.addIceCandidate(candidate)
  b.onicecandidate = ({ candidate }) => void a.addIceCandidate(candidate)
  const negotiate = async (from = a): Promise<void> => {
    const to = from === a ? b : a
    await from.setLocalDescription()
    await to.setRemoteDescription(from.localDescription!)
    await to.setLocalDescription()
    await from.setRemoteDescription(to.localDescription!)
  }
  return { sim, a, b, negotiate }
}
