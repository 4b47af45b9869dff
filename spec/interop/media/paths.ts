/** What changes below a camera that is sent and sent back, and at both ends at once. */

import { RtpReader } from '../../../lib/index.ts'
import { TelephoneEventReceiver } from '../../../lib/rtp/index.ts'
import { type Scenario, until } from './pair.ts'

/** Both add something at once: one offer gives way to the other. Whose transceiver a track finds depends on which. */
const collision: Scenario['run'] = async (_, pair, weOffer) => {
  const { page, ours } = pair
  for (const kind of ['audio', 'video']) await page.call('open', kind, kind)
  if (weOffer) ours.connection.createDataChannel('first')
  await page.call('addTrack', 'audio')
  await pair.settled()
  for (const label of ['x', 'y', 'z']) {
    ours.connection.createDataChannel(label)
    ours.connection.addTransceiver('audio', { direction: 'recvonly' })
    await page.call('addTransceiver', 'audio', { direction: 'sendonly' })
    ours.connection.addTransceiver('video', { direction: 'recvonly' })
  }
  await page.call('addTrack', 'video')
  await pair.heard('video', 10)
  await pair.settled()
  const states = (list: readonly { readonly mid: string | null }[]) => list.map(({ mid }) => mid).sort()
  await until(
    'the same transceivers at both ends',
    async () => {
      const { transceivers } = await pair.state()
      const theirs = states(transceivers)
      return (
        theirs.length >= 10 &&
        !theirs.includes(null) &&
        String(theirs) === String(states(ours.connection.getTransceivers()))
      )
    },
    async () => [await pair.state(), states(ours.connection.getTransceivers())],
  )
  await pair.played('audio', 10)
  await pair.played('video', 10)
}

/** Another path, and nothing is missing. */
const restart: Scenario['run'] = async (t, pair, weOffer) => {
  const { page, ours } = pair
  for (const kind of ['audio', 'video']) {
    await page.call('open', kind, kind)
    await page.call('addTrack', kind)
  }
  await pair.played('video', 10)
  await pair.settled()
  const fragment = () => /a=ice-ufrag:(\S+)/.exec(ours.connection.remoteDescription?.sdp ?? '')?.[1]
  const before = fragment()
  if (weOffer) ours.connection.restartIce()
  else await page.call('restart')
  await until('other credentials', () => fragment() !== before)
  await pair.settled()
  await pair.heard('video', 20)
  await pair.played('video', 20)
  await pair.played('audio', 10)
  t.same(ours.events.filter(event => event.startsWith('track')).sort(), ['track audio 1', 'track video 1'])
  // Firefox says BYE when it begins anew.
  await until(
    'nothing to be muted',
    () => [...ours.heard.keys()].every(({ muted }) => !muted),
    () => ours.events,
  )
}

/** Audio, video and data in one, by each policy of either end. */
const bundled: Scenario['run'] = async (t, pair, weOffer) => {
  const { page, ours } = pair
  const channel = weOffer ? ours.connection.createDataChannel('x') : undefined
  for (const kind of ['audio', 'video']) {
    await page.call('open', kind, kind)
    await page.call('addTrack', kind)
  }
  await pair.settled()
  await pair.played('video', 10)
  await pair.played('audio', 10)
  if (channel !== undefined) await until('the channel', () => channel.readyState === 'open')
  const transports = await ours.stats('transport')
  t.equal(transports.length, 1, 'one transport')
  t.equal(transports[0]?.dtlsRole, weOffer ? 'server' : 'client', 'who answers is active')
}

/** Digits of the page's. */
const tones: Scenario['run'] = async (t, pair, weOffer) => {
  const { page, ours } = pair
  ours.echoes = false
  await page.call('open', 'audio', 'audio')
  if (weOffer) ours.connection.addTransceiver('audio')
  if (weOffer) await until('the offer', async () => (await pair.state()).transceivers.length === 1)
  await page.call('addTrack', 'audio')
  await pair.heard('audio', 10)
  await pair.settled()
  const transceiver = ours.connection.getTransceivers()[0]!
  const heard: number[] = []
  const receiver = new TelephoneEventReceiver(({ event, change }) => {
    if (change === 'begins') heard.push(event)
  })
  const reader = new RtpReader(transceiver.receiver.track, {
    onpacket: ({ mimeType, bytes, payloadStart, payloadEnd, timestamp }) => {
      if (mimeType === 'audio/telephone-event') receiver.receive(bytes, payloadStart, payloadEnd, timestamp)
    },
  })
  await page.call('dial', transceiver.mid, '1#5')
  await until(
    'the digits',
    () => heard.length >= 3,
    () => heard,
  )
  t.same(heard, [1, 11, 5])
  reader.close()
  await pair.heard('audio', 10)
  t.ok(transceiver.sender.dtmf === null || transceiver.sender.dtmf.toneBuffer === '')
}

/** Browsers begin another transport then, with the same credentials; what flows, flows on, and the data channel stays. */
const firstGoes: Scenario['run'] = async (t, pair, weOffer) => {
  const { page, ours } = pair
  for (const kind of ['audio', 'video'] as const) {
    await page.call('open', kind, kind)
    await page.call('addTrack', kind)
    await pair.heard(kind, 10)
  }
  await pair.played('video', 10)
  await pair.settled()
  const [audio, video] = ours.connection.getTransceivers()
  ours.connection.addEventListener('datachannel', ({ channel }) => {
    channel.addEventListener('message', ({ data }) => channel.send(data))
  })
  await page.call('openChannel')
  t.equal(await page.call('exchange', 'before'), 'before')

  const { track } = audio!.receiver
  if (weOffer) audio!.stop()
  else await page.call('stop', audio!.mid!)
  await until('the track to end', () => track.readyState === 'ended')
  await pair.settled()
  await pair.heard('video', 10)
  await pair.played('video', 10)
  t.equal(await page.call('exchange', 'after'), 'after')

  await page.call('addTrack', 'audio')
  await pair.settled()
  await pair.heard('audio', 20)
  await pair.heard('video', 10)
  await pair.played('video', 10)
  const again = ours.connection.getTransceivers().find(({ receiver }) => receiver.track.kind === 'audio')
  t.equal(ours.connection.localDescription!.sdp.split('\r\nm=').length, 4, 'its place is used again')
  t.equal(again!.receiver.transport, video!.receiver.transport)
}

export const paths: readonly Scenario[] = [
  {
    title: 'the section that carries the transport goes, and its place is used again',
    run: firstGoes,
    fails: (browser, weOffer) =>
      browser === 'firefox' && !weOffer
        ? 'Firefox sends no media after it, nor to another Firefox: what it sends by stays with the transport that is gone'
        : undefined,
  },
  { title: 'both ends change something at once', run: collision },
  { title: 'ICE restarts while media flows', run: restart },
  {
    title: 'bundled by max-bundle',
    run: bundled,
    options: { ours: { bundlePolicy: 'max-bundle' }, theirs: { bundlePolicy: 'max-bundle' } },
  },
  {
    title: 'bundled by max-compat',
    run: bundled,
    options: { ours: { bundlePolicy: 'max-compat' }, theirs: { bundlePolicy: 'max-compat' } },
  },
  { title: 'digits are dialled', run: tones },
]
