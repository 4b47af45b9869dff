import t from 'tap'
import { JsepError, type SdpType, type SignalingState } from '../../lib/jsep/index.ts'
import { again, agreed, Side } from './side.ts'

const peerOffer = (): string => new Side('peer', { data: true }).offer()

/** A side in each signalling state, with descriptions at hand that would be right but for the state. */
const inState: Record<SignalingState, () => Side> = {
  stable: () => {
    const side = new Side('s', { data: true })
    side.offer()
    return side
  },
  'have-local-offer': () => {
    const side = new Side('s', { data: true })
    side.sendOffer()
    return side
  },
  'have-remote-offer': () => {
    const side = new Side('s', { data: true })
    side.offer()
    side.setRemote('offer', peerOffer())
    side.answer()
    return side
  },
  'have-local-pranswer': () => {
    const side = new Side('s', { data: true })
    side.offer()
    side.sendAnswer(peerOffer(), 'pranswer')
    return side
  },
  'have-remote-pranswer': () => {
    const side = new Side('s', { data: true })
    side.setRemote('pranswer', new Side('peer').sendAnswer(side.sendOffer()))
    return side
  },
}

const types = ['offer', 'pranswer', 'answer', 'rollback'] as const

/** webrtc-pc, 4.3.1: what may be applied from where, and what comes of it. */
const allowed: Record<
  SignalingState,
  { local: Partial<Record<SdpType, SignalingState>>; remote: Partial<Record<SdpType, SignalingState>> }
> = {
  stable: { local: { offer: 'have-local-offer' }, remote: { offer: 'have-remote-offer' } },
  'have-local-offer': {
    local: { offer: 'have-local-offer', rollback: 'stable' },
    remote: { answer: 'stable', pranswer: 'have-remote-pranswer', rollback: 'stable' },
  },
  'have-remote-offer': {
    local: { answer: 'stable', pranswer: 'have-local-pranswer', rollback: 'stable' },
    remote: { offer: 'have-remote-offer', rollback: 'stable' },
  },
  'have-local-pranswer': { local: { answer: 'stable', pranswer: 'have-local-pranswer' }, remote: {} },
  'have-remote-pranswer': { local: {}, remote: { answer: 'stable', pranswer: 'have-remote-pranswer' } },
}

t.test('every type in every state, from both sides', t => {
  for (const [state, make] of Object.entries(inState) as [SignalingState, () => Side][]) {
    for (const side of ['local', 'remote'] as const) {
      for (const type of types) {
        const it = make()
        t.equal(it.state, state)
        const what = `${side} ${type} in ${state}`
        const apply = () => {
          if (side === 'local') return it.setLocal(type)
          const answer = type === 'answer' || type === 'pranswer'
          const offer = it.negotiation.pendingLocalDescription?.sdp ?? new Side('x', { data: true }).offer()
          return it.setRemote(type, answer ? new Side('peer').sendAnswer(offer) : peerOffer())
        }
        const next = allowed[state][side][type]
        if (next === undefined) {
          t.throws(apply, { name: 'JsepError', code: 'InvalidStateError' }, what)
          t.equal(it.state, state, `${what} changes nothing`)
        } else {
          const applied = apply()
          t.equal(applied.signalingState, next, what)
          t.equal(it.state, next)
          t.equal(applied.rolledBack, type === 'rollback')
        }
      }
    }
  }
  t.end()
})

t.test('an offer is made in stable and have-local-offer, an answer where an offer of the peer waits', t => {
  for (const [state, make] of Object.entries(inState)) {
    const offers = state === 'stable' || state === 'have-local-offer'
    const answers = state === 'have-remote-offer' || state === 'have-local-pranswer'
    if (offers) t.match(make().offer(), /^v=0/, state)
    else t.throws(() => make().offer(), { code: 'InvalidStateError' }, state)
    if (answers) t.match(make().answer(), /^v=0/, state)
    else t.throws(() => make().answer(), { code: 'InvalidStateError' }, state)
  }
  t.end()
})

t.test('descriptions are pending until an answer makes them current', t => {
  const [a, b] = [new Side('a', { data: true }), new Side('b')]
  const { negotiation: n } = a
  const slots = (side: Side) => {
    const { currentLocalDescription, pendingLocalDescription, currentRemoteDescription, pendingRemoteDescription } =
      side.negotiation
    return [currentLocalDescription, pendingLocalDescription, currentRemoteDescription, pendingRemoteDescription].map(
      each => each?.type,
    )
  }
  t.same(slots(a), [undefined, undefined, undefined, undefined])
  const offer = a.sendOffer()
  t.same(slots(a), [undefined, 'offer', undefined, undefined])
  t.equal(n.pendingLocalDescription!.sdp, offer)
  t.equal(n.pendingLocalDescription, n.pendingLocalDescription, 'the same object while nothing changes')
  const provisional = b.sendAnswer(offer, 'pranswer')
  t.same(slots(b), [undefined, 'pranswer', undefined, 'offer'])
  a.setRemote('pranswer', provisional)
  t.same(slots(a), [undefined, 'offer', undefined, 'pranswer'])
  b.setLocal('answer', provisional)
  t.same(slots(b), ['answer', undefined, 'offer', undefined])
  a.setRemote('answer', provisional)
  t.same(slots(a), ['offer', undefined, 'answer', undefined])
  t.equal(n.currentRemoteDescription!.sdp, provisional)
  t.end()
})

t.test('only what was created last may be applied', t => {
  const side = new Side('s', { data: true })
  const error = { code: 'InvalidModificationError' }
  t.throws(() => side.setLocal('offer'), error, 'nothing was created')
  const first = side.offer()
  t.throws(() => side.setLocal('offer', first.replace('262144', '1')), error)
  t.throws(() => side.setLocal('offer', `${first} `), error)
  side.candidates = ['candidate:1 1 udp 1 192.0.2.1 5000 typ host']
  const second = side.offer()
  t.throws(() => side.setLocal('offer', first), error, 'the one before')
  side.setLocal('offer', second)
  t.throws(() => side.setLocal('answer', second), error)
  t.end()
})

t.test('a provisional answer gives the DTLS roles, and the final one keeps them', t => {
  const [a, b] = [new Side('a', { data: true }), new Side('b')]
  const answer = b.sendAnswer(a.sendOffer(), 'pranswer')
  const role = (applied: ReturnType<Side['setRemote']>) => applied.media[0]!.dtlsRole
  t.equal(role(a.setRemote('pranswer', answer)), 'server')
  t.equal(role(a.setRemote('pranswer', answer)), 'server')
  t.equal(role(a.setRemote('answer', answer.replace('setup:active', 'setup:passive'))), 'server')
  t.equal(role(b.setLocal('answer', answer)), 'client')
  t.end()
})

t.test('a rollback of the first offer leaves nothing, of a later one what was agreed', t => {
  const fresh = new Side('s', { data: true })
  fresh.sendOffer()
  t.match(fresh.setLocal('rollback'), { signalingState: 'stable', media: [], rolledBack: true })
  t.equal(fresh.negotiation.pendingLocalDescription, undefined)
  t.ok(fresh.negotiation.negotiationNeeded())
  t.match(fresh.sendOffer(), /m=application/)

  for (const mine of [true, false]) {
    const [a, b] = agreed()
    const standing = again(a, b)[0]
    const before = a.negotiation.currentLocalDescription
    if (mine) a.sendOffer({ iceRestart: true })
    else a.setRemote('offer', b.sendOffer({ iceRestart: true }))
    const back = mine ? a.setRemote('rollback', 'anything') : a.setLocal('rollback', 'anything')
    t.ok(back.rolledBack)
    t.same(back.media, standing.media, 'as it was agreed')
    t.equal(a.negotiation.pendingLocalDescription, undefined)
    t.equal(a.negotiation.pendingRemoteDescription, undefined)
    t.equal(a.negotiation.currentLocalDescription, before)
    t.notOk(a.negotiation.negotiationNeeded())
  }
  t.end()
})

t.test('an offer made before the peer’s came may still be applied after that one is rolled back', t => {
  const side = new Side('s', { data: true })
  const offer = side.offer()
  side.setRemote('offer', peerOffer())
  side.setRemote('rollback')
  t.equal(side.negotiation.lastCreatedOffer, offer)
  t.equal(side.setLocal('offer', offer).signalingState, 'have-local-offer')
  t.end()
})

t.test('glare: the polite side rolls back its offer and answers', t => {
  const [polite, rude] = [new Side('p', { data: true }), new Side('r', { data: true })]
  polite.sendOffer()
  const offer = rude.sendOffer()
  t.throws(() => rude.setRemote('offer', polite.offer()), { code: 'InvalidStateError' })
  t.throws(() => polite.setRemote('offer', offer), { code: 'InvalidStateError' })
  polite.setLocal('rollback')
  const applied = rude.setRemote('answer', polite.sendAnswer(offer))
  t.equal(applied.signalingState, 'stable')
  t.notOk(polite.negotiation.negotiationNeeded())
  t.end()
})

t.test('errors are errors of their own, with a code', t => {
  const error = new JsepError('sdp-syntax-error', 'why', 7)
  t.ok(error instanceof Error)
  t.same([error.name, error.code, error.sdpLineNumber], ['JsepError', 'sdp-syntax-error', 7])
  t.notOk('sdpLineNumber' in JSON.parse(JSON.stringify(new JsepError('OperationError', 'why'))))
  t.end()
})
