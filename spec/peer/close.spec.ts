/** `close()`: every state at once, no event after it, from anywhere (webrtc-pc, 4.4.2). */

import t from 'tap'
import { hostSymbol, type RTCDataChannel, RTCPeerConnection } from '../../lib/peer/index.ts'
import type { SimulatedHost } from '../../lib/sim/index.ts'
import { Simulation } from '../../lib/sim/index.ts'
import { seededCrypto } from '../providers.ts'
import { createPair } from '../sim/pair.ts'
import { createCarelessPair } from './careless-pair.ts'
import { logChannel, logConnection, logTransports } from './event-log.ts'

const open = async (seed: number) => {
  const pair = createPair({ seed, network: { delay: 5 } })
  let there: RTCDataChannel | undefined
  pair.b.ondatachannel = ({ channel }) => {
    there = channel
  }
  const here = pair.a.createDataChannel('chat')
  void pair.negotiate()
  await pair.sim.run(() => here.readyState === 'open' && there?.readyState === 'open')
  return { ...pair, here, there: there! }
}

t.test('all states are closed when it returns, and nothing is fired', async t => {
  const { a, b, sim, here } = await open(21)
  const log: string[] = []
  logConnection(a, log)
  logTransports(a, log)
  logChannel(here, log)
  const { sctp } = a
  here.send('lost')
  a.close()
  t.equal(a.signalingState, 'closed')
  t.equal(a.iceConnectionState, 'closed')
  t.equal(a.connectionState, 'closed')
  t.equal(a.iceGatheringState, 'complete')
  t.equal(sctp!.state, 'closed')
  t.equal(sctp!.transport.state, 'closed')
  t.equal(sctp!.transport.iceTransport.state, 'closed')
  t.equal(sctp!.transport.iceTransport.getSelectedCandidatePair(), null)
  t.equal(here.readyState, 'closed')
  t.equal(here.bufferedAmount, 4, 'what was buffered stays counted')
  a.close()
  await sim.elapse(10_000)
  t.strictSame(log, [])
  b.close()
})

t.test('the peer is told: its channels close with an error', async t => {
  const { a, b, sim, there } = await open(22)
  const log: string[] = []
  const causes: (number | null)[] = []
  logTransports(b, log)
  logChannel(there, log)
  there.onerror = ({ error }) => causes.push(error.sctpCauseCode)
  a.close()
  await sim.run(() => there.readyState === 'closed')
  await sim.elapse(100)
  t.strictSame(causes, [12], 'user-initiated abort (RFC 9260, 3.3.10.12)')
  t.ok(log.indexOf('chat error: closed') < log.indexOf('chat close: closed'))
  t.ok(log.includes('sctp statechange: closed'))
  t.ok(log.includes('dtls statechange: closed'))
  b.close()
})

t.test('methods of a closed connection refuse; its attributes stay', async t => {
  const { a, b, sim } = await open(23)
  const { localDescription, remoteDescription } = a
  a.close()
  const invalidState = { name: 'InvalidStateError' }
  await t.rejects(a.createOffer(), invalidState)
  await t.rejects(a.createAnswer(), invalidState)
  await t.rejects(a.setLocalDescription(), invalidState)
  await t.rejects(a.setRemoteDescription({ type: 'offer', sdp: '' }), invalidState)
  await t.rejects(a.addIceCandidate(), invalidState)
  t.throws(() => a.createDataChannel('late'), invalidState)
  t.doesNotThrow(() => a.restartIce())
  t.equal(a.localDescription, localDescription)
  t.equal(a.remoteDescription, remoteDescription)
  const report = await sim.run(a.getStats())
  const transport = [...report.values()].find(({ type }) => type === 'transport')
  t.match(transport, { dtlsState: 'closed', iceState: 'closed' })
  t.match(
    [...report.values()].find(({ type }) => type === 'data-channel'),
    { state: 'closed', label: 'chat' },
  )
  b.close()
})

t.test('it may be called from any handler', async t => {
  const places: [string, (pair: ReturnType<typeof createCarelessPair>, close: () => void) => void][] = [
    ['negotiationneeded', ({ a }, close) => a.addEventListener('negotiationneeded', close)],
    ['signalingstatechange', ({ a }, close) => a.addEventListener('signalingstatechange', close)],
    ['icegatheringstatechange', ({ a }, close) => a.addEventListener('icegatheringstatechange', close)],
    ['icecandidate', ({ a }, close) => a.addEventListener('icecandidate', close)],
    ['iceconnectionstatechange', ({ a }, close) => a.addEventListener('iceconnectionstatechange', close)],
    ['connectionstatechange', ({ a }, close) => a.addEventListener('connectionstatechange', close)],
    ['datachannel', ({ a }, close) => a.addEventListener('datachannel', close)],
    [
      'transports',
      ({ a }, close) =>
        a.addEventListener('signalingstatechange', () => {
          a.sctp?.transport.addEventListener('statechange', close)
        }),
    ],
    ['channel open', ({ a }, close) => a.createDataChannel('x').addEventListener('open', close)],
  ]
  for (const [name, arrange] of places) {
    const pair = createCarelessPair({ seed: 24 })
    const { a, b, sim } = pair
    let closed = false
    const log: string[] = []
    arrange(pair, () => {
      a.close()
      // Not before this event's dispatch is over.
      if (!closed) queueMicrotask(() => logConnection(a, log))
      closed = true
    })
    a.createDataChannel('one')
    b.createDataChannel('two')
    a.onnegotiationneeded = pair.negotiateAnyhow
    await sim.run(() => closed)
    await sim.elapse(1000)
    t.strictSame(log, [], name)
    t.equal(a.connectionState, 'closed', name)
    b.close()
  }
})

t.test('from a trace, in the middle of a packet', async t => {
  let closed = false
  const pair = createCarelessPair({
    seed: 25,
    a: {
      trace: {
        packet: (layer, direction) => {
          if (layer !== 'sctp' || direction !== 'in') return
          pair.a.close()
          closed = true
        },
      },
    },
  })
  pair.a.createDataChannel('x')
  pair.negotiateAnyhow()
  await pair.sim.run(() => closed)
  await pair.sim.elapse(1000)
  t.equal(pair.a.connectionState, 'closed')
  pair.b.close()
})

t.test('in the middle of anything, it frees the sockets and leaves nothing to happen', async t => {
  for (let step = 0; step < 160; step += 2) {
    const sim = new Simulation({ seed: 26, network: { delay: 3 } })
    const hosts: SimulatedHost[] = []
    const connections = ['10.0.0.1', '10.0.0.2'].map((address, i) => {
      const host = sim.createHost({ addresses: [address] })
      hosts.push(host)
      return new RTCPeerConnection({ [hostSymbol]: { host, crypto: seededCrypto(26 + i) } })
    })
    const [a, b] = connections as [RTCPeerConnection, RTCPeerConnection]
    a.onicecandidate = ({ candidate }) => void b.addIceCandidate(candidate).catch(() => {})
    b.onicecandidate = ({ candidate }) => void a.addIceCandidate(candidate).catch(() => {})
    a.createDataChannel('x')
    const negotiate = async () => {
      await a.setLocalDescription()
      await b.setRemoteDescription(a.localDescription!)
      await b.setLocalDescription()
      await a.setRemoteDescription(b.localDescription!)
    }
    negotiate().catch(() => {})
    let left = step
    await sim.run(() => left-- === 0)
    for (const connection of connections) connection.close()
    await sim.elapse(1)
    const sockets = hosts.map(({ openSockets }) => openSockets)
    await sim.elapse(120_000)
    t.strictSame([...sockets, sim.pending], [0, 0, 0], `closed at step ${step}`)
  }
})
