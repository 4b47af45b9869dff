/** Offer and answer as an application sees them (webrtc-pc, 4.4.1.5 and 4.4.2). */

import t from 'tap'
import { RTCError, type RTCPeerConnection, RTCSessionDescription } from '../../lib/peer/index.ts'
import type { Simulation } from '../../lib/sim/index.ts'
import { createCarelessPair } from './careless-pair.ts'
import { logConnection } from './event-log.ts'

const unchecked = (value: unknown) => value as never

/** What a promise rejects with, while the simulation runs. */
const failure = async (sim: Simulation, promise: Promise<unknown>): Promise<Error> => {
  const outcome = promise.then(
    () => new Error('it was fulfilled'),
    (error: Error) => error,
  )
  return sim.run(outcome)
}

t.test('descriptions move from pending to current', async t => {
  const pair = createCarelessPair({ seed: 61 })
  const { a, b, sim } = pair
  const of = (connection: RTCPeerConnection) => {
    const { currentLocalDescription, pendingLocalDescription, currentRemoteDescription, pendingRemoteDescription } =
      connection
    return [currentLocalDescription, pendingLocalDescription, currentRemoteDescription, pendingRemoteDescription].map(
      description => description?.type ?? null,
    )
  }
  t.strictSame(of(a), [null, null, null, null])
  t.strictSame([a.localDescription, a.remoteDescription, a.canTrickleIceCandidates], [null, null, null])
  a.createDataChannel('x')
  const offer = await sim.run(a.createOffer())
  t.strictSame(Object.keys(offer), ['type', 'sdp'])
  t.equal(a.signalingState, 'stable')
  await sim.run(a.setLocalDescription(offer))
  t.strictSame([a.signalingState, of(a)], ['have-local-offer', [null, 'offer', null, null]])
  t.ok(a.localDescription instanceof RTCSessionDescription)
  t.strictSame(JSON.parse(JSON.stringify(a.localDescription)), { type: 'offer', sdp: a.localDescription!.sdp })
  await sim.run(b.setRemoteDescription(a.localDescription!))
  t.strictSame([b.signalingState, of(b)], ['have-remote-offer', [null, null, null, 'offer']])
  t.equal(b.canTrickleIceCandidates, true)
  t.ok(b.sctp)
  const answer = await sim.run(b.createAnswer())
  await sim.run(b.setLocalDescription(answer))
  t.strictSame([b.signalingState, of(b)], ['stable', ['answer', null, 'offer', null]])
  const { pendingLocalDescription } = a
  await sim.run(a.setRemoteDescription(answer))
  t.strictSame([a.signalingState, of(a)], ['stable', ['offer', null, 'answer', null]])
  t.equal(a.currentLocalDescription, pendingLocalDescription)
  t.equal(a.remoteDescription!.sdp.includes('m=application'), true)
  a.close()
  b.close()
})

t.test('setLocalDescription makes what is due', async t => {
  const pair = createCarelessPair({ seed: 62 })
  const { a, b, sim } = pair
  a.createDataChannel('x')
  const offer = await sim.run(a.createOffer())
  await sim.run(a.setLocalDescription())
  t.equal(a.localDescription!.type, 'offer')
  t.equal(
    /o=.*/.exec(a.localDescription!.sdp)![0],
    /o=.*/.exec(offer.sdp!)![0],
    'the offer made last, if it still fits',
  )
  await sim.run(b.setRemoteDescription(a.localDescription!))
  await sim.run(b.setLocalDescription({ sdp: '' }))
  t.equal(b.localDescription!.type, 'answer')
  await sim.run(a.setRemoteDescription(b.localDescription!))
  await sim.run(b.setLocalDescription({ type: 'offer' }))
  t.equal(b.signalingState, 'have-local-offer')
  a.close()
  b.close()
})

t.test('a description that was not made here, or not last, is refused', async t => {
  const pair = createCarelessPair({ seed: 63 })
  const { a, b, sim } = pair
  a.createDataChannel('x')
  const first = await sim.run(a.createOffer())
  const changed = await failure(sim, a.setLocalDescription({ type: 'offer', sdp: `${first.sdp}a=extra\r\n` }))
  t.equal(changed.name, 'InvalidModificationError')
  const answer = await failure(sim, a.setLocalDescription({ type: 'answer', sdp: first.sdp! }))
  t.equal(answer.name, 'InvalidModificationError')
  await sim.run(a.createOffer({ iceRestart: true }))
  t.equal((await failure(sim, a.setLocalDescription(first))).name, 'InvalidModificationError')
  a.close()
  b.close()
})

t.test('what does not fit the state is an InvalidStateError', async t => {
  const pair = createCarelessPair({ seed: 64 })
  const { a, b, sim } = pair
  a.createDataChannel('x')
  const wrongState = async (promise: Promise<unknown>) =>
    t.equal((await failure(sim, promise)).name, 'InvalidStateError')
  await wrongState(a.createAnswer())
  await wrongState(a.setLocalDescription({ type: 'answer' }))
  await wrongState(a.setLocalDescription({ type: 'rollback' }))
  await wrongState(a.setRemoteDescription({ type: 'rollback' }))
  await sim.run(a.setLocalDescription())
  const { sdp } = a.localDescription!
  await wrongState(
    a.setRemoteDescription({ type: 'offer', sdp }).then(() => b.setRemoteDescription({ type: 'answer', sdp })),
  )
  await sim.run(b.setRemoteDescription({ type: 'offer', sdp }))
  await wrongState(b.createOffer())
  await wrongState(b.setRemoteDescription({ type: 'answer', sdp }))
  a.close()
  b.close()
})

t.test('text that is no SDP is an RTCError with its line', async t => {
  const pair = createCarelessPair({ seed: 65 })
  const { a, b, sim } = pair
  a.createDataChannel('x')
  await sim.run(a.setLocalDescription())
  const lines = a.localDescription!.sdp.split('\r\n')
  lines[5] = 'nonsense'
  const error = await failure(sim, b.setRemoteDescription({ type: 'offer', sdp: lines.join('\r\n') }))
  t.ok(error instanceof RTCError)
  t.match(error, { name: 'OperationError', errorDetail: 'sdp-syntax-error', sdpLineNumber: 6 })
  t.equal(b.signalingState, 'stable')
  const empty = await failure(sim, b.setRemoteDescription({ type: 'offer', sdp: '' }))
  t.ok(empty instanceof RTCError)
  const senseless = a.localDescription!.sdp.replace(/a=fingerprint.*\r\n/, '')
  t.match(await failure(sim, b.setRemoteDescription({ type: 'offer', sdp: senseless })), { name: 'InvalidAccessError' })
  for (const wrong of [undefined, null, 'offer', {}, { type: 'x' }, { sdp: '' }]) {
    t.ok((await failure(sim, b.setRemoteDescription(unchecked(wrong)))) instanceof TypeError)
  }
  t.ok((await failure(sim, b.setLocalDescription(unchecked({ type: 'x' })))) instanceof TypeError)
  t.ok((await failure(sim, b.createOffer(unchecked(5)))) instanceof TypeError)
  await sim.run(b.setRemoteDescription(a.localDescription!))
  t.equal(b.signalingState, 'have-remote-offer', 'the failures have changed nothing')
  a.close()
  b.close()
})

t.test('a rollback returns to the last stable state', async t => {
  const pair = createCarelessPair({ seed: 66 })
  const { a, b, sim } = pair
  a.createDataChannel('x')
  await sim.run(a.setLocalDescription())
  t.ok(a.sctp)
  await sim.run(a.setLocalDescription({ type: 'rollback' }))
  t.strictSame([a.signalingState, a.localDescription, a.sctp], ['stable', null, null])
  await sim.run(a.setLocalDescription())
  await sim.run(b.setRemoteDescription(a.localDescription!))
  await sim.run(b.setRemoteDescription({ type: 'rollback' }))
  t.strictSame([b.signalingState, b.remoteDescription, b.sctp], ['stable', null, null])
  await sim.run(b.setRemoteDescription(a.localDescription!))
  await sim.run(b.setLocalDescription())
  await sim.run(a.setRemoteDescription(b.localDescription!))
  await sim.run(() => a.connectionState === 'connected')
  t.pass('and the connection comes about all the same')
  const { sctp, localDescription } = a
  await sim.run(a.setLocalDescription(await sim.run(a.createOffer({ iceRestart: true }))))
  await sim.run(a.setLocalDescription({ type: 'rollback' }))
  t.equal(a.sctp, sctp)
  t.equal(a.localDescription, localDescription)
  a.close()
  b.close()
})

t.test('a rollback discards the transport, and the states follow', async t => {
  const pair = createCarelessPair({ seed: 71 })
  const { a, b, sim } = pair
  a.createDataChannel('x')
  await sim.run(a.setLocalDescription())
  await sim.run(() => a.iceGatheringState === 'complete')
  const { transport } = a.sctp!
  const log: string[] = []
  logConnection(a, log)
  await sim.run(a.setLocalDescription({ type: 'rollback' }))
  await sim.elapse(10)
  t.equal(a.iceGatheringState, 'new')
  t.strictSame(log.slice(0, 2), ['signalingstatechange: stable', 'icegatheringstatechange: new'])
  t.strictSame([transport.state, transport.iceTransport.state], ['closed', 'closed'])
  a.close()
  b.close()
})

t.test('offers and rollbacks in one breath leave the last one working', async t => {
  const pair = createCarelessPair({ seed: 72 })
  const { a, b, sim } = pair
  const channel = a.createDataChannel('x')
  for (let i = 0; i < 3; i++) {
    void a.setLocalDescription()
    void a.setLocalDescription({ type: 'rollback' })
  }
  await sim.run(pair.negotiate())
  await sim.run(() => channel.readyState === 'open' && a.iceGatheringState === 'complete')
  t.strictSame([a.sctp!.transport.state, a.sctp!.transport.iceTransport.gatheringState], ['connected', 'complete'])
  t.equal(a.sctp!.transport.iceTransport.getLocalCandidates().length, 2)
  a.close()
  b.close()
})

t.test('an offer that comes across our own takes its place', async t => {
  const pair = createCarelessPair({ seed: 67 })
  const { a, b, sim } = pair
  const log: string[] = []
  logConnection(a, log)
  const channels = [a.createDataChannel('from a'), b.createDataChannel('from b')]
  await sim.run(Promise.all([a.setLocalDescription(), b.setLocalDescription()]))
  await sim.run(a.setRemoteDescription(b.localDescription!))
  t.strictSame(
    log.filter(entry => entry.startsWith('signaling')),
    [
      'signalingstatechange: have-local-offer',
      'signalingstatechange: stable',
      'signalingstatechange: have-remote-offer',
    ],
  )
  await sim.run(a.setLocalDescription())
  await sim.run(b.setRemoteDescription(a.localDescription!))
  await sim.run(() => channels.every(({ readyState }) => readyState === 'open'))
  t.pass('both channels open over the one negotiation')
  a.close()
  b.close()
})

/** Perfect negotiation, as webrtc-pc has it in its example (10.7). */
const negotiatePerfectly = (self: RTCPeerConnection, polite: boolean, send: (message: string) => void) => {
  let makingOffer = false
  let ignoreOffer = false
  self.onicecandidate = ({ candidate }) => send(JSON.stringify({ candidate }))
  self.onnegotiationneeded = async () => {
    makingOffer = true
    await self.setLocalDescription()
    send(JSON.stringify({ description: self.localDescription }))
    makingOffer = false
  }
  return async (text: string) => {
    const { description, candidate } = JSON.parse(text) as {
      description?: { type: 'offer' | 'answer'; sdp: string }
      candidate?: { candidate: string }
    }
    if (description) {
      const collision = description.type === 'offer' && (makingOffer || self.signalingState !== 'stable')
      ignoreOffer = !polite && collision
      if (ignoreOffer) return
      await self.setRemoteDescription(description)
      if (description.type !== 'offer') return
      await self.setLocalDescription()
      send(JSON.stringify({ description: self.localDescription }))
    } else if (candidate !== undefined) {
      await self.addIceCandidate(candidate).catch((error: unknown) => {
        if (!ignoreOffer) throw error
      })
    }
  }
}

t.test('perfect negotiation survives glare, at every delay of signalling', async t => {
  for (const delay of [0, 1, 5, 20]) {
    const pair = createCarelessPair({ seed: 68 + delay })
    const { a, b, sim } = pair
    const host = sim.createHost({ addresses: ['10.0.0.3'] })
    const later = (take: () => (text: string) => Promise<void>) => (text: string) => {
      host.schedule(sim.now() + delay, () => void take()(text))
    }
    const toA: (text: string) => Promise<void> = negotiatePerfectly(
      a,
      true,
      later(() => toB),
    )
    const toB: (text: string) => Promise<void> = negotiatePerfectly(
      b,
      false,
      later(() => toA),
    )
    const channels = [a.createDataChannel('from a'), b.createDataChannel('from b')]
    await sim.run(() => channels.every(({ readyState }) => readyState === 'open'))
    a.restartIce()
    b.restartIce()
    await sim.elapse(2000)
    t.strictSame([a.signalingState, b.signalingState], ['stable', 'stable'], `delay ${delay}`)
    t.strictSame([a.connectionState, b.connectionState], ['connected', 'connected'], `delay ${delay}`)
    a.close()
    b.close()
  }
})

t.test('an ICE restart has new credentials, and the connection stays', async t => {
  const pair = createCarelessPair({ seed: 69 })
  const { a, b, sim } = pair
  const channel = a.createDataChannel('x')
  await sim.run(pair.negotiate())
  await sim.run(() => channel.readyState === 'open')
  const { iceTransport } = a.sctp!.transport
  const before = iceTransport.getLocalParameters()
  const states: string[] = []
  a.onconnectionstatechange = () => states.push(a.connectionState)
  a.restartIce()
  await sim.run(pair.negotiate())
  await sim.elapse(2000)
  t.equal(a.sctp!.transport.iceTransport, iceTransport)
  t.not(iceTransport.getLocalParameters()!.usernameFragment, before!.usernameFragment)
  t.equal(a.connectionState, 'connected')
  t.strictSame(states, [])
  t.equal(iceTransport.getLocalCandidates().length, 2, 'UDP and TCP, of the new generation')
  t.equal(iceTransport.getLocalCandidates()[0]!.usernameFragment, iceTransport.getLocalParameters()!.usernameFragment)
  const offer = await sim.run(a.createOffer())
  t.ok(offer.sdp!.includes(iceTransport.getLocalParameters()!.usernameFragment!), 'the next offer does not restart')
  a.close()
  b.close()
})

t.test('the callback forms still work', async t => {
  const pair = createCarelessPair({ seed: 70 })
  const { a, b, sim } = pair
  a.createDataChannel('x')
  const log: string[] = []
  const failed = (error: Error) => log.push(error.name)
  a.createOffer(
    offer => {
      log.push(offer.type)
      void a.setLocalDescription(offer, () => log.push('set'), failed)
    },
    failed,
    { iceRestart: true },
  )
  await sim.run(() => log.length === 2)
  t.strictSame(log, ['offer', 'set'])
  t.equal(await sim.run(b.createAnswer(() => {}, failed)), undefined)
  await sim.run(() => log.length === 3)
  t.equal(log[2], 'InvalidStateError')
  await b.setRemoteDescription(a.localDescription!, () => log.push('remote'), failed).catch(() => {})
  await sim.run(() => log.length === 4)
  await t.rejects(b.createAnswer(unchecked(5), failed), TypeError)
  a.close()
  b.close()
})
