import fc from 'fast-check'
import t from 'tap'
import { JsepError, type SdpType } from '../../lib/jsep/index.ts'
import { agreed, Side, sample } from './side.ts'

/** Everything that a call that throws must leave as it was. */
const snapshot = ({ negotiation: n }: Side) => [
  n.signalingState,
  n.currentLocalDescription,
  n.pendingLocalDescription,
  n.currentRemoteDescription,
  n.pendingRemoteDescription,
  n.dataWanted,
  n.lastCreatedOffer,
  n.lastCreatedAnswer,
]

const unlessRefused = (side: Side, step: () => void): void => {
  const before = snapshot(side)
  try {
    step()
  } catch (error) {
    if (!(error instanceof JsepError)) throw error
    const after = snapshot(side)
    if (!after.every((each, index) => each === before[index])) throw new Error(`changed by ${error.message}`)
  }
}

/** Lines dropped, doubled, exchanged, or with a number changed: mostly still a description. */
const damage = (sdp: string, seeds: readonly number[]): string => {
  const lines = sdp.split('\r\n')
  for (const seed of seeds) {
    const at = (seed >>> 8) % lines.length
    const other = (seed >>> 16) % lines.length
    if (seed % 4 === 0) lines.splice(at, 1)
    else if (seed % 4 === 1) lines.splice(at, 0, lines[at] ?? '')
    else if (seed % 4 === 2) lines[at] = (lines[at] ?? '').replace(/[0-9]+/, String(seed % 3))
    else {
      const held = lines[at]!
      lines[at] = lines[other]!
      lines[other] = held
    }
  }
  return lines.join('\r\n')
}

const seeds = fc.array(fc.nat(0x7fffffff), { maxLength: 6 })
const offers = ['chromium-156/audio-video-data.offer', 'firefox-esr-153/data-only.offer', 'peers/libdatachannel.offer']

t.test('damaged offers are answered, or refused without a trace', t => {
  const property = fc.property(fc.constantFrom(...offers), seeds, fc.boolean(), (name, damages, standing) => {
    const [, settled] = agreed()
    const side = standing ? settled : new Side('side')
    unlessRefused(side, () => side.setRemote('offer', damage(sample(name), damages)))
    if (side.state !== 'have-remote-offer') return
    const { media } = side.setLocal('answer', side.answer())
    for (const each of media)
      if (!each.rejected && (!each.local || !each.remote || !each.dtlsRole)) throw new Error('torn')
    const again = side.sendOffer()
    if (side.setLocal('rollback').media.length !== media.length || again === '') throw new Error('no way back')
  })
  fc.assert(property, { numRuns: 150 })
  t.end()
})

t.test('damaged answers are applied, or refused without a trace', t => {
  const property = fc.property(seeds, fc.boolean(), fc.boolean(), (damages, standing, provisional) => {
    const [a, b] = standing ? agreed() : [new Side('a', { data: true }), new Side('b')]
    const answer = b.sendAnswer(a.sendOffer())
    unlessRefused(a, () => a.setRemote(provisional ? 'pranswer' : 'answer', damage(answer, damages)))
    if (a.state !== 'stable') unlessRefused(a, () => a.setRemote('answer', answer))
    if (a.state === 'stable') a.sendOffer({ iceRestart: true })
  })
  fc.assert(property, { numRuns: 150 })
  t.end()
})

t.test('whatever two sides do in whatever order, what is not refused leaves them able to agree', t => {
  const types: SdpType[] = ['offer', 'pranswer', 'answer', 'rollback']
  const step = fc.tuple(fc.boolean(), fc.nat(4), fc.constantFrom(...types), fc.nat(3))
  const property = fc.property(fc.array(step, { maxLength: 25 }), steps => {
    const sides = [new Side('a', { data: true }), new Side('b')] as const
    const sent: string[] = ['']
    for (const [first, what, type, back] of steps) {
      const side = first ? sides[0] : sides[1]
      const text = sent[Math.max(0, sent.length - 1 - back)]!
      unlessRefused(side, () => {
        if (what === 0) sent.push(side.offer())
        else if (what === 1) sent.push(side.answer())
        else if (what === 2) side.setLocal(type, '')
        else if (what === 3) side.setRemote(type, text)
        else
          side.negotiation.addRemoteCandidate({
            candidate: '',
            sdpMid: null,
            sdpMLineIndex: back,
            usernameFragment: null,
          })
      })
    }
    for (const side of sides) {
      if (!['have-local-offer', 'have-remote-offer'].includes(side.state)) continue
      side.setLocal('rollback')
      if (side.state !== 'stable') throw new Error('not rolled back')
    }
  })
  fc.assert(property, { numRuns: 150 })
  t.end()
})
