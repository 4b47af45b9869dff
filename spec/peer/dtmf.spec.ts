/** RTCDTMFSender (webrtc-pc, 7): tones one after the other, told as they begin, in place of the audio. */

import t from 'tap'
import { RtpReader } from '../../lib/media/index.ts'
import { RTCDTMFSender, type RTCRtpTransceiver } from '../../lib/peer/index.ts'
import { type ReceivedTelephoneEvent, TelephoneEventReceiver } from '../../lib/rtp/index.ts'
import { createPair, type Pair } from '../sim/pair.ts'
import { Camera, film, Microphone } from './media-world.ts'

interface Dialled {
  readonly pair: Pair
  readonly microphone: Microphone
  readonly transceiver: RTCRtpTransceiver
  readonly dtmf: RTCDTMFSender
  /** Each change of a tone's that came, with its milliseconds; and packets of audio. */
  readonly heard: string[]
  readonly told: string[]
}

const connect = async (seed: number): Promise<Dialled> => {
  const pair = createPair({ seed })
  const microphone = new Microphone()
  const transceiver = pair.a.addTransceiver(microphone.track)
  await pair.sim.run(pair.negotiate())
  await pair.sim.run(() => pair.a.connectionState === 'connected' && pair.b.connectionState === 'connected')
  const heard: string[] = []
  const events = new TelephoneEventReceiver(({ event, change, duration }: ReceivedTelephoneEvent) => {
    if (change !== 'continues')
      heard.push(`${event} ${change}${change === 'ends' ? ` ${Math.round(duration / 48)}` : ''}`)
  })
  new RtpReader(pair.b.getReceivers()[0]!.track, {
    onpacket: ({ mimeType, bytes, payloadStart, payloadEnd, timestamp }) => {
      if (mimeType === 'audio/telephone-event') events.receive(bytes, payloadStart, payloadEnd, timestamp)
    },
  })
  const dtmf = transceiver.sender.dtmf!
  const told: string[] = []
  const begin = pair.sim.now()
  dtmf.ontonechange = event => {
    const { tone } = event as Event & { tone: string }
    told.push(`${tone || 'end'} ${Math.round(pair.sim.now() - begin)}, ${dtmf.toneBuffer || 'nothing'} waits`)
  }
  return { pair, microphone, transceiver, dtmf, heard, told }
}

t.test('tones are played, with pauses, and the end is told', async t => {
  const { pair, microphone, dtmf, heard, told } = await connect(31)
  t.ok(dtmf instanceof RTCDTMFSender)
  t.ok(dtmf.canInsertDTMF)
  dtmf.insertDTMF('1a#,9', 200, 100)
  t.equal(dtmf.toneBuffer, '1A#,9')
  await film(pair, 3600, microphone)
  t.same(told, [
    '1 0, A#,9 waits',
    'A 300, #,9 waits',
    '# 600, ,9 waits',
    ', 900, 9 waits',
    '9 2900, nothing waits',
    'end 3200, nothing waits',
  ])
  t.same(
    heard.map(line => line.replace(/ \d+$/, '')),
    ['1 begins', '1 ends', '12 begins', '12 ends', '11 begins', '11 ends', '9 begins', '9 ends'],
  )
  for (const line of heard.filter(each => each.includes('ends'))) {
    t.ok(Math.abs(Number(line.split(' ')[2]) - 200) <= 20, line)
  }
  pair.a.close()
  pair.b.close()
})

t.test('what is inserted takes the place of what waits', async t => {
  const { pair, microphone, dtmf, told } = await connect(32)
  dtmf.insertDTMF('123')
  await film(pair, 120, microphone)
  t.equal(dtmf.toneBuffer, '23')
  dtmf.insertDTMF('7', 10, 10)
  await film(pair, 400, microphone)
  t.same(
    told.map(line => line.split(' ')[0]),
    ['1', '7', 'end'],
  )
  dtmf.insertDTMF('45')
  dtmf.insertDTMF('')
  await film(pair, 400, microphone)
  t.same(told.map(line => line.split(' ')[0]).slice(3), ['end'], 'nothing but the end')
  pair.a.close()
  pair.b.close()
})

t.test('when tones cannot be sent', async t => {
  const { pair, transceiver, dtmf, told } = await connect(33)
  t.throws(() => dtmf.insertDTMF('1x'), { name: 'InvalidCharacterError' })
  t.throws(() => (dtmf as unknown as { insertDTMF(): void }).insertDTMF(), { name: 'TypeError' })
  dtmf.insertDTMF('12345')
  await pair.sim.run(pair.sim.now() + 50)
  transceiver.direction = 'inactive'
  await pair.sim.run(pair.negotiate())
  t.notOk(dtmf.canInsertDTMF)
  t.throws(() => dtmf.insertDTMF('1'), { name: 'InvalidStateError' })
  await pair.sim.run(pair.sim.now() + 2000)
  t.equal(told.length, 1, 'the rest is not played')
  t.equal(pair.a.addTransceiver(new Camera().track).sender.dtmf, null)
  t.notOk(pair.a.addTransceiver('audio').sender.dtmf!.canInsertDTMF)
  pair.a.close()
  pair.b.close()
})
