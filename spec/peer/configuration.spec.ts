/** The configuration is checked as webrtc-pc has it (4.2.1, 4.4.1.6), and what may not change does not. */

import t from 'tap'
import { dtlsPreferences } from '../../lib/peer/dtls-configuration.ts'
import { type RTCConfiguration, RTCPeerConnection } from '../../lib/peer/index.ts'
import { sctpPreferences } from '../../lib/peer/sctp-configuration.ts'

const unchecked = (value: unknown) => value as RTCConfiguration

/** The name of what constructing a connection throws; `fine` when nothing. */
const outcome = (configuration: unknown): string => {
  try {
    new RTCPeerConnection(unchecked(configuration)).close()
    return 'fine'
  } catch (error) {
    return (error as Error).name
  }
}
const server = (urls: unknown, more: object = {}) => ({ iceServers: [{ urls, ...more }] })
const credentials = { username: 'user', credential: 'secret' }

t.test('members of the wrong type are TypeErrors', t => {
  const wrong: unknown[] = [
    'text',
    { iceServers: {} },
    { iceServers: [{}] },
    { iceServers: [{ urls: undefined }] },
    { iceServers: null },
    { iceTransportPolicy: 'public' },
    { iceTransportPolicy: null },
    { bundlePolicy: 'max' },
    { rtcpMuxPolicy: 'negotiate' },
    { iceCandidatePoolSize: 256 },
    { iceCandidatePoolSize: -1 },
    { iceCandidatePoolSize: 'many' },
    { certificates: [{}] },
    { certificates: null },
    { portRange: { min: 5 } },
    { portRange: { min: 0, max: 9 } },
    { portRange: { min: 10, max: 9 } },
    { mtu: 100 },
    { maxMessageSize: 0 },
    { trace: 'all' },
    { dtlsVersions: ['1.1'] },
    { dtlsVersions: [] },
    { dtlsVersions: '1.3' },
    { dtlsCipherSuites: [] },
    { dtlsGroups: [] },
    { srtpProfiles: ['AES_CM_128_HMAC_SHA1_80'] },
    { srtpProfiles: [] },
    { fingerprintAlgorithms: ['sha-1'] },
    { fingerprintAlgorithms: [] },
    { keyLog: 'file' },
    { acceptCertificate: true },
    { maxMessageSize: 2 ** 30 + 1 },
    { sctp: 'fast' },
    { sctp: { congestionControl: 'reno' } },
    { sctp: { scheduler: 'fifo' } },
    { sctp: { pathMtuDiscovery: 575 } },
    { sctp: { pathMtuDiscovery: 16_385 } },
    { sctp: { pathMtuDiscovery: Number.NaN } },
    { sctp: { receiveWindow: 1499 } },
    { sctp: { receiveWindow: 2 ** 32 } },
    { sctp: { sendBufferLimit: -1 } },
    { sctp: { maxChannels: 0 } },
    { sctp: { maxChannels: 65_536 } },
  ]
  for (const configuration of wrong) t.equal(outcome(configuration), 'TypeError', JSON.stringify(configuration))
  for (const fine of [undefined, null, {}, { iceServers: [] }, { iceCandidatePoolSize: 255 }, () => {}]) {
    t.equal(outcome(fine), 'fine')
  }
  t.end()
})

t.test('suites and groups of DTLS must be known, and leave a version', t => {
  const dtls: [configuration: RTCConfiguration, outcome: string][] = [
    [{ dtlsVersions: ['1.3', '1.2'] }, 'fine'],
    [{ dtlsCipherSuites: ['TLS_AES_128_GCM_SHA256'], dtlsGroups: ['X25519MLKEM768', 'x25519'] }, 'fine'],
    [{ dtlsCipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA'] }, 'fine'],
    [{ dtlsCipherSuites: ['TLS_RSA_WITH_AES_128_CBC_SHA'] }, 'NotSupportedError'],
    [{ dtlsCipherSuites: ['tls_aes_128_gcm_sha256'] }, 'NotSupportedError'],
    [{ dtlsGroups: ['x25519', 'secp521r1'] }, 'NotSupportedError'],
    [{ dtlsVersions: ['1.2'], dtlsCipherSuites: ['TLS_AES_128_GCM_SHA256'] }, 'InvalidAccessError'],
    [{ dtlsVersions: ['1.2'], dtlsGroups: ['X25519MLKEM768'] }, 'InvalidAccessError'],
    [
      { dtlsCipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'], dtlsGroups: ['X25519MLKEM768'] },
      'InvalidAccessError',
    ],
  ]
  for (const [configuration, expected] of dtls) t.equal(outcome(configuration), expected, JSON.stringify(configuration))
  t.end()
})

t.test('URLs of servers follow RFC 7064 and RFC 7065', t => {
  const stun = ['stun:host', 'stuns:host:5349', 'stun:192.0.2.1:3478', 'stun:[2001:db8::1]:3478', 'STUN:host']
  for (const url of stun) t.equal(outcome(server(url)), 'fine', url)
  const turn = ['turn:host', 'turns:host:443?transport=tcp', 'turn:[::1]:3478?transport=udp', 'turn:host']
  for (const url of turn) t.equal(outcome(server(url, credentials)), 'fine', url)
  const wrong = [
    '',
    'stun',
    'stun:',
    'host',
    'http://host',
    'stun://host',
    'stun:host/path',
    'stun:user@host',
    'stun:host#fragment',
    'stun:host#',
    'stun:host?transport=udp',
    'stun:host?',
    'stun:host:port',
    'stun:host:65536',
    'stun:[2001:db8::1',
    'turn:host?transport=sctp',
    'turn:host?x=1',
    'turn:host?',
    'turn://host?transport=udp',
  ]
  for (const url of wrong) t.equal(outcome(server(url, credentials)), 'SyntaxError', url)
  t.equal(outcome(server([])), 'SyntaxError')
  t.equal(outcome(server(['stun:host', 'nonsense'])), 'SyntaxError')
  t.equal(outcome(server(['stun:a', 'turn:b'], credentials)), 'fine')
  t.end()
})

t.test('a TURN server needs credentials', t => {
  t.equal(outcome(server('turn:host')), 'InvalidAccessError')
  t.equal(outcome(server('turn:host', { username: 'user' })), 'InvalidAccessError')
  t.equal(outcome(server('turns:host', { credential: 'secret' })), 'InvalidAccessError')
  t.equal(outcome(server('turn:host', { username: 'u'.repeat(508), credential: 'secret' })), 'fine')
  t.equal(outcome(server('turn:host', { username: 'u'.repeat(509), credential: 'secret' })), 'InvalidAccessError')
  t.equal(outcome(server('turn:host', { username: 'user', credential: '' })), 'InvalidAccessError')
  t.end()
})

t.test('getConfiguration returns a copy with the defaults', t => {
  const connection = new RTCPeerConnection({
    iceServers: [{ urls: ['stun:a', 'stun:b'] }],
    portRange: { min: 1, max: 2 },
  })
  const first = connection.getConfiguration()
  t.strictSame(first, {
    bundlePolicy: 'balanced',
    certificates: [],
    iceCandidatePoolSize: 0,
    iceServers: [{ urls: ['stun:a', 'stun:b'] }],
    iceTransportPolicy: 'all',
    portRange: { min: 1, max: 2 },
    rtcpMuxPolicy: 'require',
  })
  first.iceServers?.push({ urls: 'stun:c' })
  t.equal(connection.getConfiguration().iceServers?.length, 1)
  t.not(connection.getConfiguration(), connection.getConfiguration())
  connection.close()
  t.strictSame(connection.getConfiguration().bundlePolicy, 'balanced', 'also when closed')
  t.end()
})

t.test('servers beyond the limit are ignored, not checked', t => {
  const iceServers = Array.from({ length: 64 }, (_, i) => ({ urls: `stun:host${i}` }))
  const connection = new RTCPeerConnection({ iceServers: [...iceServers, { urls: 'nonsense' }] })
  t.equal(connection.getConfiguration().iceServers?.length, 64)
  connection.close()
  t.end()
})

t.test('setConfiguration replaces servers and policy, and refuses what is fixed', async t => {
  const certificate = await RTCPeerConnection.generateCertificate({ name: 'ECDSA', namedCurve: 'P-256' })
  const certificates = [certificate]
  const connection = new RTCPeerConnection({ certificates, mtu: 1300, includeLoopback: true })
  const refused = (configuration: RTCConfiguration) =>
    t.throws(() => connection.setConfiguration({ certificates, ...configuration }), {
      name: 'InvalidModificationError',
    })

  connection.setConfiguration({ certificates, iceTransportPolicy: 'relay', iceServers: [{ urls: 'stun:x' }] })
  const { iceTransportPolicy, iceServers, includeLoopback, mtu } = connection.getConfiguration()
  t.strictSame([iceTransportPolicy, iceServers], ['relay', [{ urls: 'stun:x' }]])
  t.strictSame([includeLoopback, mtu], [true, 1300], 'additions that are not mentioned stay')
  refused({ certificates: [] })
  refused({ certificates: [certificate, certificate] })
  refused({ bundlePolicy: 'max-bundle' })
  refused({ mtu: 1400 })
  refused({ iceLite: true })
  connection.setConfiguration({ certificates, iceTransportPolicy: 'relay', iceLite: false })
  t.throws(() => connection.setConfiguration({ certificates, iceServers: [{ urls: 'x' }] }), { name: 'SyntaxError' })
  t.equal(connection.getConfiguration().iceTransportPolicy, 'relay', 'a refused configuration changes nothing')
  connection.setConfiguration({ certificates, iceCandidatePoolSize: 3, mtu: 1300 })
  await connection.setLocalDescription()
  refused({ iceCandidatePoolSize: 4 })
  connection.close()
  t.throws(() => connection.setConfiguration({}), { name: 'InvalidStateError' })
})

t.test('DTLS is asked for what a configuration says of it', t => {
  t.strictSame(dtlsPreferences({}), { versions: ['1.2', '1.3'] })
  const asked = dtlsPreferences({
    dtlsVersions: ['1.2'],
    dtlsCipherSuites: ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'],
    dtlsGroups: ['secp384r1'],
    dtlsRequireExtendedMasterSecret: false,
    srtpProfiles: ['SRTP_AEAD_AES_256_GCM'],
  })
  t.strictSame(asked, {
    versions: ['1.2'],
    cipherSuites: ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'],
    groups: ['secp384r1'],
    requireExtendedMasterSecret: false,
    srtpProfiles: ['SRTP_AEAD_AES_256_GCM'],
  })
  t.end()
})

t.test("what getConfiguration gives is nobody else's, and can be set again", t => {
  const connection = new RTCPeerConnection({
    iceCredentials: { usernameFragment: 'fragment', password: 'a password of 22 chars'.replaceAll(' ', '+') },
    advertisedAddresses: [{ address: '203.0.113.1' }],
    portRange: { min: 5000, max: 5010 },
    tcpCandidates: ['passive'],
    iceServers: [{ urls: ['stun:x'], ca: ['a certificate'] }],
    trace: {},
    dtlsVersions: ['1.3', '1.2', '1.3'],
    dtlsCipherSuites: ['TLS_AES_256_GCM_SHA384', 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'],
    dtlsGroups: ['X25519'],
    dtlsRequireExtendedMasterSecret: false,
    srtpProfiles: ['SRTP_AEAD_AES_256_GCM'],
    fingerprintAlgorithms: ['sha-512', 'sha-256'],
    keyLog: () => {},
    acceptCertificate: () => false,
  })
  const given = connection.getConfiguration()
  connection.setConfiguration(given)
  t.strictSame(connection.getConfiguration(), given)
  t.strictSame([given.dtlsVersions, given.dtlsGroups], [['1.3', '1.2'], ['x25519']])
  for (const change of [
    { dtlsVersions: ['1.3'] },
    { dtlsGroups: ['secp256r1'] },
    { dtlsRequireExtendedMasterSecret: true },
    { fingerprintAlgorithms: ['sha-256', 'sha-512'] },
    { keyLog: () => {} },
  ]) {
    const changed = { ...given, ...change } as RTCConfiguration
    t.throws(() => connection.setConfiguration(changed), { name: 'InvalidModificationError' })
  }
  given.dtlsVersions!.pop()
  given.fingerprintAlgorithms!.pop()
  t.strictSame(connection.getConfiguration().dtlsVersions, ['1.3', '1.2'])
  t.strictSame(connection.getConfiguration().fingerprintAlgorithms, ['sha-512', 'sha-256'])
  Object.assign(given, connection.getConfiguration())
  given.tcpCandidates!.push('so')
  given.advertisedAddresses!.pop()
  Object.assign(given.portRange!, { min: 1 })
  Object.assign(given.iceCredentials!, { password: 'another+password+of+more' })
  const [server] = given.iceServers!
  ;(server!.ca as string[]).pop()
  const again = connection.getConfiguration()
  t.strictSame(again.tcpCandidates, ['passive'])
  t.strictSame(again.advertisedAddresses, [{ address: '203.0.113.1' }])
  t.strictSame(again.portRange, { min: 5000, max: 5010 })
  t.strictSame(again.iceServers![0]!.ca, ['a certificate'])
  t.throws(() => connection.setConfiguration(given), { name: 'InvalidModificationError' }, 'other credentials')
  connection.close()
  t.end()
})

t.test('an error in the middle of conversion is passed on', t => {
  const wrong = {
    get iceServers() {
      throw new RangeError('mine')
    },
  }
  t.throws(() => new RTCPeerConnection(unchecked(wrong)), { name: 'RangeError', message: 'mine' })
  t.end()
})

t.test('SCTP is asked for what a configuration says of it, and that does not change', t => {
  const sctp = {
    congestionControl: 'bbr',
    scheduler: 'priority',
    interleaving: false,
    zeroChecksum: true,
    pathMtuDiscovery: 9000,
    snap: true,
    receiveWindow: 1 << 20,
    sendBufferLimit: 2 ** 31,
    maxChannels: 16,
  } as const
  const connection = new RTCPeerConnection({ sctp, maxMessageSize: 2 ** 30 })
  const given = connection.getConfiguration().sctp
  t.same(given, sctp)
  given!.snap = false
  t.equal(connection.getConfiguration().sctp?.snap, true)
  connection.setConfiguration({ sctp: { ...sctp } })
  connection.setConfiguration({})
  t.throws(() => connection.setConfiguration({ sctp: { ...sctp, snap: false } }), { name: 'InvalidModificationError' })
  t.same(connection.getConfiguration().sctp, sctp)
  connection.close()
  t.same(sctpPreferences({ sctp }), sctp)
  t.same(sctpPreferences({}), {})
  t.same(sctpPreferences({ sctp: { sendBufferLimit: 0 } }), { sendBufferLimit: Number.POSITIVE_INFINITY })
  for (const pathMtuDiscovery of [true, false, 576, 16_384]) t.equal(outcome({ sctp: { pathMtuDiscovery } }), 'fine')
  t.end()
})
