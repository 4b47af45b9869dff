/** Tones of who cannot send them any more: they stop where they are, and nothing is told (webrtc-pc, 7.2, DTMF playout task steps). */

import t from 'tap'
import type { RTCRtpTransceiver } from '../../lib/peer/index.ts'
import { createPair, type Pair } from '../sim/pair.ts'
import { film, Microphone } from './media-world.ts'

const ends: Record<string, (transceiver: RTCRtpTransceiver, pair: Pair) => unknown> = {
  'the track is removed': ({ sender }, { a }) => a.removeTrack(sender),
  'the track is replaced by none': ({ sender }) => sender.replaceTrack(null),
  'the encoding is not active': ({ sender }) => {
    const parameters = sender.getParameters()
    parameters.encodings[0]!.active = false
    return sender.setParameters(parameters)
  },
  'the transceiver is stopped': transceiver => transceiver.stop(),
}

for (const [index, [name, end]] of Object.entries(ends).entries()) {
  t.test(name, async t => {
    const pair = createPair({ seed: 71 + index })
    const { a, b, sim } = pair
    const microphone = new Microphone()
    const transceiver = a.addTransceiver(microphone.track)
    await sim.run(pair.negotiate())
    await sim.run(() => a.connectionState === 'connected' && b.connectionState === 'connected')
    const dtmf = transceiver.sender.dtmf!
    const told: string[] = []
    dtmf.ontonechange = event => told.push((event as Event & { tone: string }).tone)
    dtmf.insertDTMF('123')
    await film(pair, 200, microphone)
    t.same(told, ['1', '2'])
    await sim.run(Promise.resolve(end(transceiver, pair)))
    t.notOk(dtmf.canInsertDTMF)
    await film(pair, 1000, microphone)
    t.same(told, ['1', '2'])
    t.equal(dtmf.toneBuffer, '3')
    a.close()
    b.close()
  })
}
