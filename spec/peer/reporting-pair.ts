/** A pair in virtual time whose hosts write down what callbacks of the application throw, as a platform reports it. */

import { createPortableCrypto } from '../../lib/crypto/portable.ts'
import { hostSymbol, type RTCConfiguration, RTCPeerConnection } from '../../lib/peer/index.ts'
import { type SimulatedHost, Simulation, seededRandom } from '../../lib/sim/index.ts'

export const createReportingPair = (seed: number, ofA: RTCConfiguration, ofB: RTCConfiguration = {}) => {
  const sim = new Simulation({ seed, network: { delay: 5 } })
  const reported: unknown[] = []
  const hosts: SimulatedHost[] = []
  const create = (address: string, configuration: RTCConfiguration, number: number): RTCPeerConnection => {
    const host = sim.createHost({ addresses: [address] })
    hosts.push(host)
    const queue = host.queueTask.bind(host)
    host.queueTask = task =>
      queue(() => {
        try {
          task()
        } catch (error) {
          reported.push(error instanceof Error ? error.message : error)
        }
      })
    const crypto = createPortableCrypto(seededRandom(31 * seed + number))
    return new RTCPeerConnection({ ...configuration, [hostSymbol]: { host, crypto } })
  }
  const a = create('10.0.0.1', ofA, 1)
  const b = create('10.0.0.2', ofB, 2)
  a.onicecandidate = ({ candidate }) => void b.addIceCandidate(candidate).catch(() => {})
  b.onicecandidate = ({ candidate }) => void a.addIceCandidate(candidate).catch(() => {})
  /** @param change What signalling does to a description on its way, by who made it. */
  const negotiate = async (change: (sdp: string, from: 'a' | 'b') => string = sdp => sdp): Promise<void> => {
    await a.setLocalDescription()
    await b.setRemoteDescription({ type: 'offer', sdp: change(a.localDescription!.sdp, 'a') })
    await b.setLocalDescription()
    await a.setRemoteDescription({ type: 'answer', sdp: change(b.localDescription!.sdp, 'b') })
  }
  return { sim, a, b, hosts, reported, negotiate }
}
