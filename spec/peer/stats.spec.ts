/** getStats(): the dictionaries of webrtc-stats for a data session, and how they refer to each other. */

import t from 'tap'
import {
  type RTCCertificateStats,
  type RTCConfiguration,
  type RTCDataChannel,
  type RTCDataChannelStats,
  type RTCIceCandidatePairStats,
  type RTCIceCandidateStats,
  RTCStatsReport,
  type RTCTransportStats,
} from '../../lib/peer/index.ts'
import { createPair } from '../sim/pair.ts'

const open = async (seed: number, a: RTCConfiguration = {}) => {
  const pair = createPair({ seed, network: { delay: 25 }, a })
  let there: RTCDataChannel | undefined
  pair.b.ondatachannel = ({ channel }) => {
    there = channel
  }
  const here = pair.a.createDataChannel('chat', { protocol: 'p' })
  void pair.negotiate()
  await pair.sim.run(() => here.readyState === 'open' && there?.readyState === 'open')
  return { ...pair, here, there: there! }
}

const ofType = <T>(report: RTCStatsReport, type: string): T[] =>
  [...report.values()].filter(stats => stats.type === type) as T[]

t.test('a connection that has done nothing', async t => {
  const { a, b, sim } = createPair({ seed: 81 })
  const report = await sim.run(a.getStats())
  t.ok(report instanceof RTCStatsReport)
  t.strictSame(
    [...report.values()].map(({ type }) => type),
    ['peer-connection'],
  )
  t.match([...report.values()][0], { dataChannelsOpened: 0, dataChannelsClosed: 0 })
  await t.rejects(a.getStats({} as never), TypeError)
  const { track } = b.addTransceiver('audio').receiver
  await t.rejects(a.getStats(track), { name: 'InvalidAccessError' }, 'of another connection')
  await t.rejects(a.getStats(5 as never), TypeError)
  a.close()
  b.close()
})

t.test('a report is a read-only map', async t => {
  const { a, b, sim } = await open(82)
  const report = await sim.run(a.getStats(null))
  t.equal(report.size, [...report].length)
  for (const [id, stats] of report) {
    t.equal(id, stats.id)
    t.equal(report.get(id), stats)
    t.equal(report.has(id), true)
    t.equal(stats.timestamp, sim.timeOrigin + sim.now())
  }
  t.strictSame(
    [...report.keys()],
    [...report.entries()].map(([id]) => id),
  )
  t.equal(report[Symbol.iterator], report.entries)
  const seen: unknown[] = []
  report.forEach(function (this: unknown, value, key, map) {
    seen.push([this, value.id === key, map === report])
  }, 'this')
  t.strictSame(seen, Array(report.size).fill(['this', true, true]))
  t.equal(report.get('unknown'), undefined)
  t.throws(() => report.forEach(undefined as never), TypeError)
  t.notOk('set' in report)
  a.close()
  b.close()
})

t.test('every object is there, and they refer to each other', async t => {
  const { a, b, sim, here, there } = await open(83)
  there.onmessage = () => there.send(new Uint8Array(500))
  here.send('é')
  await sim.elapse(200)
  for (const connection of [a, b]) {
    const report = await sim.run(connection.getStats())
    const [transport] = ofType<RTCTransportStats>(report, 'transport')
    t.match(transport, {
      dtlsState: 'connected',
      dtlsRole: connection === a ? 'server' : 'client',
      tlsVersion: /^FEF[CD]$/,
      dtlsCipher: /^TLS_/,
      iceRole: connection === a ? 'controlling' : 'controlled',
      iceState: /^(connected|completed)$/,
      iceLocalUsernameFragment: /^\S{4,}$/,
    })
    t.ok(transport!.packetsSent > 5 && transport!.packetsReceived > 5)
    t.ok(transport!.bytesSent > 1000 && transport!.bytesReceived > 1000)
    t.ok(transport!.selectedCandidatePairChanges >= 1)

    const pair = report.get(transport!.selectedCandidatePairId!) as RTCIceCandidatePairStats
    t.match(pair, { type: 'candidate-pair', state: 'succeeded', nominated: true, transportId: transport!.id })
    t.ok(Math.abs(pair.currentRoundTripTime! - 0.05) < 0.001, 'in seconds')
    t.ok(pair.totalRoundTripTime >= pair.currentRoundTripTime!)
    t.ok(pair.requestsSent > 0 && pair.responsesReceived > 0 && pair.requestsReceived > 0 && pair.responsesSent > 0)
    t.ok(pair.packetsSent > 0 && pair.bytesReceived > 0)

    const local = report.get(pair.localCandidateId) as RTCIceCandidateStats
    const remote = report.get(pair.remoteCandidateId) as RTCIceCandidateStats
    const [ours, theirs] = connection === a ? ['10.0.0.1', '10.0.0.2'] : ['10.0.0.2', '10.0.0.1']
    t.match(local, { type: 'local-candidate', address: ours, protocol: 'udp', candidateType: 'host' })
    t.match(remote, { type: 'remote-candidate', address: theirs, protocol: 'udp', transportId: transport!.id })
    t.ok(local.port > 0 && local.priority > 0 && local.foundation !== '')

    const certificate = report.get(transport!.localCertificateId!) as RTCCertificateStats
    t.equal(certificate.fingerprintAlgorithm, 'sha-256')
    t.ok(connection.localDescription!.sdp.includes(certificate.fingerprint))
    const remoteCertificate = report.get(transport!.remoteCertificateId!) as RTCCertificateStats
    t.ok(connection.remoteDescription!.sdp.includes(remoteCertificate.fingerprint))
    t.match(remoteCertificate.base64Certificate, /^MII[A-Za-z0-9+/]+=*$/)
  }
  const [channel] = ofType<RTCDataChannelStats>(await sim.run(a.getStats()), 'data-channel')
  t.match(channel, {
    label: 'chat',
    protocol: 'p',
    dataChannelIdentifier: here.id,
    state: 'open',
    messagesSent: 1,
    bytesSent: 2,
    messagesReceived: 1,
    bytesReceived: 500,
  })
  a.close()
  b.close()
})

t.test('what DTLS has agreed on is told by the names of the registries, once it is up', async t => {
  const configuration: RTCConfiguration = {
    dtlsVersions: ['1.2'],
    dtlsCipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384'],
    dtlsGroups: ['secp384r1'],
    srtpProfiles: ['SRTP_AES128_CM_HMAC_SHA1_80'],
    fingerprintAlgorithms: ['sha-384', 'sha-256'],
  }
  const { a, b, sim } = await open(87, configuration)
  for (const connection of [a, b]) {
    const report = await sim.run(connection.getStats())
    const [transport] = ofType<RTCTransportStats>(report, 'transport')
    t.match(transport, {
      tlsVersion: 'FEFD',
      dtlsCipher: 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
      tlsGroup: 'secp384r1',
      srtpCipher: 'SRTP_AES128_CM_HMAC_SHA1_80',
    })
    // Each certificate by the fingerprint that its description announces, and the peer believes.
    const ids = [transport!.localCertificateId!, transport!.remoteCertificateId!]
    const hashes = connection === a ? ['sha-384', 'sha-256'] : ['sha-256', 'sha-384']
    const descriptions = [connection.localDescription!.sdp, connection.remoteDescription!.sdp]
    for (const [i, id] of ids.entries()) {
      const { fingerprint, fingerprintAlgorithm } = report.get(id) as RTCCertificateStats
      t.equal(fingerprintAlgorithm, hashes[i])
      t.ok(descriptions[i]!.includes(`a=fingerprint:${fingerprintAlgorithm} ${fingerprint}\r\n`))
    }
  }
  a.close()
  b.close()

  const early = createPair({ seed: 88, network: { delay: 25 } })
  early.a.createDataChannel('x')
  await early.sim.run(early.negotiate())
  const [transport] = ofType<RTCTransportStats>(await early.sim.run(early.a.getStats()), 'transport')
  t.equal(transport!.dtlsRole, 'server')
  for (const member of ['tlsVersion', 'dtlsCipher', 'tlsGroup', 'srtpCipher']) t.notOk(member in transport!, member)
  early.a.close()
  early.b.close()
})

t.test('ids stay, and cannot be foretold', async t => {
  const [one, two] = [await open(84), await open(85)]
  const ids = async ({ a, sim }: typeof one) => [...(await sim.run(a.getStats())).keys()]
  const first = await ids(one)
  one.here.send('x')
  await one.sim.elapse(1000)
  t.strictSame(await ids(one), first)
  const others = new Set(await ids(two))
  t.ok(first.every(id => !others.has(id)))
  for (const { a, b } of [one, two]) {
    a.close()
    b.close()
  }
})

t.test('channels are counted when they open and when they end', async t => {
  const { a, b, sim, here, there } = await open(86)
  const counts = async (connection: typeof a) => {
    const [stats] = ofType<{ dataChannelsOpened: number; dataChannelsClosed: number }>(
      await sim.run(connection.getStats()),
      'peer-connection',
    )
    return [stats!.dataChannelsOpened, stats!.dataChannelsClosed]
  }
  t.strictSame(
    [await counts(a), await counts(b)],
    [
      [1, 0],
      [1, 0],
    ],
  )
  const never = a.createDataChannel('never')
  never.close()
  here.close()
  t.strictSame(await counts(a), [1, 1])
  await sim.run(() => here.readyState === 'closed' && there.readyState === 'closed')
  t.strictSame(
    [await counts(a), await counts(b)],
    [
      [1, 1],
      [1, 1],
    ],
  )
  const labels = ofType<RTCDataChannelStats>(await sim.run(a.getStats()), 'data-channel')
  t.match(
    labels.find(({ label }) => label === 'chat'),
    { state: 'closed', messagesSent: 0 },
  )
  a.close()
  b.close()
  t.strictSame(await counts(a), [1, 1])
})
