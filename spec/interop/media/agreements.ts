/** How descriptions of audio and video are agreed on by other ways, and what then flows: also many tracks, and with losses. */

import { LossyPath } from '../lossy-host.ts'
import { type MediaPair, type Scenario, until } from './pair.ts'

/** The page's camera and microphone, in its own offer or below a first one of ours. */
async function begin(pair: MediaPair, weOffer: boolean): Promise<void> {
  if (weOffer) pair.ours.connection.createDataChannel('first')
  for (const kind of ['audio', 'video']) {
    await pair.page.call('open', kind, kind)
    await pair.page.call('addTrack', kind)
  }
}

/** Both have made an offer before either hears of the other's: one is taken back, and comes later. */
const crossing: Scenario['run'] = async (t, pair, weOffer) => {
  const { page, ours } = pair
  if (weOffer) ours.connection.createDataChannel('first')
  for (const kind of ['audio', 'video']) await page.call('open', kind, kind)
  await page.call('addTrack', 'audio')
  await pair.played('audio', 10)
  await pair.settled()

  pair.hold()
  const added = ours.connection.addTransceiver('video', { direction: 'recvonly' })
  await page.call('addTrack', 'video')
  await until('both to offer', () => pair.held('ours') > 0 && pair.held('theirs') > 0)
  t.equal(ours.connection.signalingState, 'have-local-offer')
  t.equal((await pair.state()).signalingState, 'have-local-offer')
  await pair.heard('audio', 10)
  pair.release()

  await pair.heard('video', 10)
  await pair.played('video', 10)
  await pair.heard('audio', 10)
  await until('the transceiver of ours to be agreed on', () => added.mid !== null)
  await pair.settled()
}

/** An offer is made, and taken back before the other end hears of it; what runs goes on. */
const takenBack: Scenario['run'] = async (t, pair, weOffer) => {
  const { page, ours } = pair
  await begin(pair, weOffer)
  await pair.played('video', 10)
  await pair.settled()
  const side = weOffer ? 'ours' : 'theirs'
  const count = async () =>
    weOffer ? ours.connection.getTransceivers().length : (await pair.state()).transceivers.length
  const before = await count()

  pair.hold()
  const added = weOffer ? ours.connection.addTransceiver('video', { direction: 'recvonly' }) : undefined
  if (!weOffer) await page.call('addTransceiver', 'video', { direction: 'recvonly' })
  await until('the offer', () => pair.held(side) > 0)
  if (weOffer) await ours.connection.setLocalDescription({ type: 'rollback' })
  else await page.call('rollback')
  t.equal(added?.mid ?? null, null, 'it is in no description any more')
  for (const kind of ['audio', 'video'] as const) await pair.heard(kind, 10)
  await until('it to be offered again, as it still is to be', () => pair.held(side) > 1)
  pair.release()

  await until('it to be agreed on', async () => {
    const { transceivers } = await pair.state()
    const mids = weOffer ? ours.connection.getTransceivers().map(({ mid }) => mid) : transceivers.map(({ mid }) => mid)
    return mids.length > before && !mids.includes(null)
  })
  await pair.settled()
  t.equal(await count(), before + 1)
  for (const kind of ['audio', 'video'] as const) {
    await pair.heard(kind, 10)
    await pair.played(kind, 10)
  }
}

/** A description without BUNDLE, and with whoever offers first as the DTLS client: each m-section has a transport of its own. */
const apart: Scenario['run'] = async (t, pair, weOffer) => {
  const { page, ours } = pair
  for (const kind of ['audio', 'video'] as const) {
    await page.call('open', kind, kind)
    if (weOffer) {
      const { sender, receiver } = ours.connection.addTransceiver(kind)
      void sender.replaceTrack(receiver.track)
    }
  }
  if (weOffer) await until('the offer', async () => (await pair.state()).transceivers.length === 2)
  for (const kind of ['audio', 'video']) await page.call('addTrack', kind)
  for (const kind of ['audio', 'video'] as const) {
    await pair.heard(kind, 10)
    await pair.played(kind, 10)
  }
  await pair.settled()
  const transports = await ours.stats('transport')
  t.equal(transports.length, 2, 'two transports')
  t.ok(
    transports.every(({ dtlsRole }) => dtlsRole === (weOffer ? 'client' : 'server')),
    'who offers is active',
  )
}

const COLOURS = { red: 'rgb(230, 0, 0)', green: 'rgb(0, 230, 0)', blue: 'rgb(0, 0, 230)' }

/** Several tracks of a kind: each picture goes back to where it came from. */
const several: Scenario['run'] = async (t, pair, weOffer) => {
  const { page, ours } = pair
  const names = Object.keys(COLOURS)
  for (const [name, colour] of Object.entries(COLOURS)) await page.call('draw', name, colour)
  if (weOffer) {
    for (const _ of names) {
      const { sender, receiver } = ours.connection.addTransceiver('video')
      void sender.replaceTrack(receiver.track)
    }
    await until('the offer', async () => (await pair.state()).transceivers.length === names.length)
  }
  for (const name of names) await page.call('addTrack', name)
  await pair.settled()
  const { transceivers } = await pair.state()
  t.equal(transceivers.length, names.length)
  const mids = transceivers.map(({ mid }) => mid)
  t.same((await Promise.all(mids.map(mid => page.call('sends', mid)))).sort(), [...names].sort())
  for (const mid of mids) {
    const name = await page.call<string>('sends', mid)
    const shown = () => page.call<number[] | undefined>('shown', mid)
    // The last field: the first one blinks.
    const isItsOwn = ([red = 0, green = 0, blue = 0]: readonly number[]): boolean =>
      Object.entries({ red, green, blue }).every(([each, value]) => (each === name ? value > 150 : value < 90))
    await until(`${name} to come back by ${mid}`, async () => isItsOwn((await shown())?.slice(-3) ?? []), shown)
  }
}

/** One packet of twenty is lost, both ways: what is asked for again comes, and the picture goes on. */
const lossy: Scenario['run'] = async (t, pair, weOffer) => {
  const { ours } = pair
  await begin(pair, weOffer)
  await pair.heard('video', 10)
  await pair.played('video', 10)
  const total = async (type: string, member: string) =>
    (await ours.stats(type, 'video')).reduce((sum, each) => sum + Number(each[member] ?? 0), 0)
  const all = async () => ({
    repaired: await total('inbound-rtp', 'retransmittedPacketsReceived'),
    asked: await total('inbound-rtp', 'nackCount'),
    repeated: await total('outbound-rtp', 'retransmittedPacketsSent'),
    told: await total('outbound-rtp', 'nackCount'),
  })
  await until(
    'packets to be asked for and sent again, both ways',
    async () => Object.values(await all()).every(count => count > 0),
    all,
  )
  await pair.heard('video', 40)
  await pair.played('video', 40)
  await pair.heard('audio', 10)
  t.same(ours.events.filter(event => event.startsWith('track')).length, 2)
}

/** Packets of which one is lost. */
const LOSES_ONE_OF = 20

export const agreements: readonly Scenario[] = [
  { title: 'offers cross', run: crossing },
  { title: 'an offer is taken back', run: takenBack },
  {
    title: 'without BUNDLE, and with the other DTLS role',
    run: apart,
    options: {
      ours: { bundlePolicy: 'max-compat' },
      theirs: { bundlePolicy: 'max-compat' },
      alter: (sdp, isFirst) => {
        const unbundled = sdp.replace(/a=group:BUNDLE[^\r\n]*\r\n/, '')
        return isFirst ? unbundled.replaceAll('a=setup:actpass', 'a=setup:active') : unbundled
      },
    },
  },
  { title: 'several tracks of a kind', run: several },
  { title: 'packets are lost both ways', run: lossy, options: { ours: new LossyPath(LOSES_ONE_OF).configuration } },
]
