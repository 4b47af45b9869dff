/** Two connections that encrypt header extensions with the payload (RFC 9335; webrtc-extensions): seen on the network. */

import t from 'tap'
import { EncodedAudioSource, type RTCRtpHeaderEncryptionPolicy } from '../../lib/index.ts'
import { RtpReader } from '../../lib/media/index.ts'
import { RTCPeerConnection } from '../../lib/peer/index.ts'
import { createPair } from './pair.ts'

type Policy = RTCRtpHeaderEncryptionPolicy | undefined

/** What stands for the extension of each RTP packet of audio on the network, and the packets that came, by their extensions. */
const run = async (ofA: Policy, ofB: Policy) => {
  const { sim, a, b, negotiate } = createPair({
    seed: 5,
    a: ofA ? { rtpHeaderEncryptionPolicy: ofA } : {},
    b: ofB ? { rtpHeaderEncryptionPolicy: ofB } : {},
  })
  const profiles = new Set<string>()
  sim.onPacket = (_time, _from, _to, bytes) => {
    const isRtp = bytes[0]! >> 6 === 2 && !(bytes[1]! >= 192 && bytes[1]! <= 223)
    if (isRtp && (bytes[0]! & 0x10) !== 0) profiles.add(((bytes[12]! << 8) | bytes[13]!).toString(16))
  }
  const source = new EncodedAudioSource({ codec: 'opus' })
  const transceiver = a.addTransceiver(source.track)
  const payloads: string[] = []
  const uris = new Set<string>()
  b.ontrack = ({ track }) => {
    new RtpReader(track, {
      onpacket: ({ bytes, payloadStart, payloadEnd, extensions }) => {
        payloads.push([...bytes.subarray(payloadStart, payloadEnd)].join())
        for (const { uri } of extensions) uris.add(uri)
      },
    })
  }
  await sim.run(negotiate())
  await sim.run(() => a.connectionState === 'connected' && b.connectionState === 'connected')
  for (let i = 0; i < 10; i++) {
    source.write({ type: 'key', timestamp: 20_000 * i, data: Uint8Array.of(0xf8, i) })
    await sim.run(sim.now() + 20)
  }
  const agreed = [transceiver, ...b.getTransceivers()].map(each => each.rtpHeaderEncryptionNegotiated)
  a.close()
  b.close()
  return { profiles: [...profiles], payloads, uris, agreed }
}

t.test('where both can, no extension is seen on the network, and all come', async t => {
  for (const policy of ['negotiate', 'require'] as const) {
    const { profiles, payloads, uris, agreed } = await run(policy, 'negotiate')
    t.same(profiles, ['c0de'])
    t.equal(payloads.length, 10)
    t.equal(payloads[9], '248,9')
    t.ok(uris.has('urn:ietf:params:rtp-hdrext:sdes:mid'))
    t.same(agreed, [true, true])
  }
})

t.test('where one cannot, they are sent as ever', async t => {
  for (const [ofA, ofB] of [
    ['negotiate', undefined],
    [undefined, 'negotiate'],
    [undefined, undefined],
  ] as const) {
    const { profiles, payloads, agreed } = await run(ofA, ofB)
    t.same(profiles, ['bede'])
    t.equal(payloads.length, 10)
    t.same(agreed, [false, false])
  }
})

t.test('whoever requires it refuses a peer that cannot', async t => {
  const { sim, a, b } = createPair({ seed: 6, a: { rtpHeaderEncryptionPolicy: 'require' } })
  a.addTransceiver('audio')
  const refused = async () => {
    await a.setLocalDescription()
    await b.setRemoteDescription(a.localDescription!)
    await b.setLocalDescription()
    await a.setRemoteDescription(b.localDescription!)
  }
  await t.rejects(sim.run(refused()), { name: 'InvalidAccessError' })
  t.equal(a.signalingState, 'have-local-offer')
  t.throws(() => a.setConfiguration({ rtpHeaderEncryptionPolicy: 'negotiate' }), { name: 'InvalidModificationError' })
  t.throws(() => new RTCPeerConnection({ rtpHeaderEncryptionPolicy: 'never' as 'require' }), TypeError)
  a.close()
  b.close()
})
