/** DTLS 1.3: nobody passes who is not the announced peer. Fingerprint, CertificateVerify and Finished, each with its alert. */

import t, { type Test } from 'tap'
import { concatBytes, equalBytes, utf8 } from '../../lib/bytes/index.ts'
import { type Certificate, fingerprint, type PrivateKey } from '../../lib/crypto/index.ts'
import { Alert, type DtlsOptions, type DtlsRole } from '../../lib/dtls/index.ts'
import { signedContent } from '../../lib/dtls/v13/messages.ts'
import { nodeCrypto, providers } from '../providers.ts'
import { type Lie, OpenPair, tamperHello } from './liar.ts'
import { certificate, type PairOptions, sha256Of } from './pair.ts'

const ROLES: readonly DtlsRole[] = ['client', 'server']
const other = (role: DtlsRole): DtlsRole => (role === 'client' ? 'server' : 'client')

const both = async (): Promise<PairOptions> => ({
  client: await certificate('ec-p256', 'client'),
  server: await certificate('ec-p256', 'server'),
})

/** Options for one side of a pair. */
const forRole = (role: DtlsRole, options: Partial<DtlsOptions>): Partial<PairOptions> => ({
  [`${role}Options`]: options,
})

/** Runs a handshake that `judge` must refuse with that code and alert, and the other side must hear of. */
const refused = (t: Test, pair: OpenPair, judge: DtlsRole, code: string, alert: number): void => {
  pair.start()
  pair.run()
  t.match(pair[judge].error, { code, sentAlert: alert }, `the ${judge} refuses`)
  t.match(pair[other(judge)].error, { code: 'alert-received', receivedAlert: alert }, `the ${other(judge)} is told`)
  t.notOk(pair[judge].events.some(event => event.type === 'connected'))
  t.notOk(pair[judge].send('data', pair.now))
  t.throws(() => pair[judge].dtls.exportKeyingMaterial('label', 1), { code: 'invalid-state' })
  t.equal(pair[judge].dtls.deadline, Number.POSITIVE_INFINITY)
}

t.test('a certificate without an announced fingerprint is refused', async t => {
  const options = await both()
  for (const judge of ROLES) {
    const der = options[other(judge)].der
    const right = fingerprint(nodeCrypto, 'sha-256', der)
    const stranger = sha256Of(await certificate('ec-p256', 'stranger'))
    const sha1 = { algorithm: 'sha-1', value: fingerprint(nodeCrypto, 'sha-1', der) }
    for (const fingerprints of [[stranger], [], [sha1], [{ algorithm: 'sha-512', value: right }]]) {
      const pair = new OpenPair({ ...options, ...forRole(judge, { fingerprints }) })
      refused(t, pair, judge, 'fingerprint-mismatch', Alert.badCertificate)
    }
  }
})

for (const version of ['1.2', '1.3'] as const) {
  t.test(`a certificate without a fingerprint may be accepted by its owner's own judgement, in ${version}`, async t => {
    const options = await both()
    for (const judge of ROLES) {
      const { der } = options[other(judge)]
      const asked: Uint8Array[] = []
      const accept = (answer: boolean): Partial<DtlsOptions> => ({
        fingerprints: [],
        acceptCertificate: shown => {
          asked.push(shown.slice())
          shown.fill(0)
          return answer
        },
      })
      const pair = new OpenPair({ ...options, version, ...forRole(judge, accept(true)) })
      pair.start()
      pair.run()
      t.ok(pair.connected)
      t.strictSame(asked, [der], 'asked once, with a copy')
      t.strictSame(pair[judge].dtls.remoteCertificate, der)
      const no = new OpenPair({ ...options, version, ...forRole(judge, accept(false)) })
      refused(t, no, judge, 'fingerprint-mismatch', Alert.badCertificate)
      const known = new OpenPair({
        ...options,
        version,
        ...forRole(judge, { acceptCertificate: () => t.fail('not asked when a fingerprint matches') !== false }),
      })
      known.start()
      known.run()
      t.ok(known.connected)
      // Whoever accepts the certificate still wants the proof that its key is there.
      const thief = {
        ...options,
        version,
        [other(judge)]: await impostor(options[other(judge)]),
        ...forRole(judge, accept(true)),
      }
      refused(t, new OpenPair(thief), judge, 'bad-signature', Alert.decryptError)
    }
  })
}

/** Whoever has the certificate of another, but not its key. */
const impostor = async (victim: Certificate): Promise<Certificate> => ({
  ...victim,
  privateKey: (await certificate('ec-p256', 'impostor')).privateKey,
})

t.test('a certificate without its key is refused', async t => {
  const options = await both()
  for (const { name, crypto } of providers) {
    for (const role of ROLES) {
      t.comment(`the ${role} is an impostor, on ${name}`)
      const pair = new OpenPair({
        ...options,
        ...forRole(role, { certificate: await impostor(options[role]) }),
        ...forRole(other(role), { crypto }),
      })
      refused(t, pair, other(role), 'bad-signature', Alert.decryptError)
    }
  }
})

t.test('a right key that signs anything but this handshake, in this role, is refused', async t => {
  const options = await both()
  const transcriptOf = (data: Uint8Array) => data.subarray(data.length - 32)
  const changes: [string, (data: Uint8Array, role: DtlsRole) => Uint8Array][] = [
    ['as the other role', (data, role) => signedContent(other(role), transcriptOf(data))],
    ['the transcript alone', data => transcriptOf(data)],
    ['without the padding', data => data.subarray(64)],
    ['without the zero', data => concatBytes(data.subarray(0, data.length - 33), transcriptOf(data))],
    ['another transcript', (_, role) => signedContent(role, nodeCrypto.hash('sha-256', utf8('another')))],
    ['in the words of TLS 1.2', data => nodeCrypto.hash('sha-256', data)],
  ]
  for (const role of ROLES) {
    const { privateKey } = options[role]
    const signing = (change: (data: Uint8Array) => Uint8Array): PrivateKey => ({
      type: privateKey.type,
      publicKey: privateKey.publicKey,
      pkcs8: privateKey.pkcs8,
      sign: (scheme, data) => privateKey.sign(scheme, change(data)),
    })
    const pairWith = (change: (data: Uint8Array) => Uint8Array) =>
      new OpenPair({
        ...options,
        ...forRole(role, { certificate: { ...options[role], privateKey: signing(change) } }),
      })
    const honest = pairWith(data => data)
    honest.start()
    honest.run()
    t.ok(honest.connected)
    for (const [name, change] of changes) {
      t.comment(`the ${role} signs ${name}`)
      refused(
        t,
        pairWith(data => change(data, role)),
        other(role),
        'bad-signature',
        Alert.decryptError,
      )
    }
  }
})

const CERTIFICATE_VERIFY = 15
const FINISHED = 20

t.test('a signature by a scheme that does not fit the key, or is none of DTLS 1.3, is refused', async t => {
  const schemes: [Parameters<typeof certificate>[0], number][] = [
    ['ec-p256', 0x0503],
    ['ec-p256', 0x0804],
    ['ec-p384', 0x0403],
    ['rsa', 0x0401],
    ['rsa', 0x0501],
    ['rsa', 0x0403],
    ['ed25519', 0x0808],
    ['ec-p256', 0x0203],
  ]
  for (const [key, scheme] of schemes) {
    for (const role of ROLES) {
      const lie: Lie = ({ type, body }) => {
        if (type !== CERTIFICATE_VERIFY) return undefined
        return { type, body: concatBytes(Uint8Array.of(scheme >> 8, scheme & 255), body.subarray(2)) }
      }
      t.comment(`the ${role}'s ${key} by ${scheme.toString(16)}`)
      const pair = new OpenPair({ ...(await both()), [role]: await certificate(key, role) }).lieAs(role, lie)
      refused(t, pair, other(role), 'protocol-violation', Alert.illegalParameter)
    }
  }
})

t.test('a signature that was touched is refused', async t => {
  for (const role of ROLES) {
    const lie: Lie = ({ type, body }) => {
      if (type !== CERTIFICATE_VERIFY) return undefined
      body[body.length - 1]! ^= 1
      return { type, body }
    }
    refused(t, new OpenPair(await both()).lieAs(role, lie), other(role), 'bad-signature', Alert.decryptError)
  }
})

t.test('a wrong Finished is refused', async t => {
  for (const role of ROLES) {
    for (const [name, code, alert, change] of [
      [
        'one bit',
        'bad-finished',
        Alert.decryptError,
        (body: Uint8Array) => body.map((byte, i) => byte ^ (i === 31 ? 1 : 0)),
      ],
      ['too short', 'protocol-violation', Alert.decodeError, (body: Uint8Array) => body.slice(1)],
      ['too long', 'protocol-violation', Alert.decodeError, (body: Uint8Array) => concatBytes(body, Uint8Array.of(0))],
      ['none', 'protocol-violation', Alert.decodeError, () => new Uint8Array(0)],
    ] as const) {
      t.comment(`the ${role}'s, ${name}`)
      const lie: Lie = ({ type, body }) => (type === FINISHED ? { type, body: change(body) } : undefined)
      refused(t, new OpenPair(await both()).lieAs(role, lie), other(role), code, alert)
    }
  }
})

t.test('the Finished of the one side is not that of the other', async t => {
  const said = new Map<DtlsRole, Uint8Array>()
  const pair = new OpenPair(await both())
  pair.lieAs('client', ({ type, body }) => {
    if (type === FINISHED) said.set('client', body)
    return undefined
  })
  pair.start()
  pair.run()
  t.ok(pair.connected)
  const second = new OpenPair(await both())
  second.lieAs('client', ({ type }) => (type === FINISHED ? { type, body: said.get('client')! } : undefined))
  refused(t, second, 'server', 'bad-finished', Alert.decryptError)
})

t.test('hellos that were touched on the way never lead to a connection', async t => {
  const touch = (at: number) => (body: Uint8Array) => body.map((byte, i) => (i === at ? byte ^ 1 : byte))
  // The randoms are in nothing but the transcript: with them the keys differ, and nobody can read the other.
  for (const role of ROLES) {
    const pair = new OpenPair({ ...(await both()), path: tamperHello(role, touch(10)) })
    pair.start()
    pair.run()
    t.notOk(pair.client.events.some(event => event.type === 'connected'))
    t.notOk(pair.server.events.some(event => event.type === 'connected'))
    t.same(
      pair.ends.map(({ dtls }) => dtls.state),
      ['failed', 'failed'],
    )
  }
})

t.test('a key share that is not valid is refused', async t => {
  for (const { name, crypto } of providers) {
    for (const group of ['x25519mlkem768', 'x25519', 'secp256r1', 'secp384r1'] as const) {
      for (const role of ROLES) {
        t.comment(`the ${role}'s ${group}, on ${name}`)
        // No point of the curve, or the X25519 key whose every secret is zero.
        const spoil = (share: Uint8Array) => {
          const copy = share.slice()
          if (group.startsWith('x25519')) copy.fill(0, copy.length - 32)
          else copy[copy.length - 1]! ^= 1
          return copy
        }
        const pair = new OpenPair({
          ...(await both()),
          ...forRole(role, { groups: [group] }),
          ...forRole(other(role), { groups: [group], crypto }),
          path: tamperHello(role, body => {
            const at = body.length - shareLength(group, role)
            return concatBytes(body.subarray(0, at), spoil(body.subarray(at)))
          }),
        })
        pair.start()
        pair.run()
        t.match(pair[other(role)].error, { code: 'protocol-violation', sentAlert: Alert.illegalParameter })
        t.match(pair[role].error, { code: 'alert-received', receivedAlert: Alert.illegalParameter })
      }
    }
  }
})

/** key_share ends both hellos. */
const shareLength = (group: string, role: DtlsRole): number =>
  group === 'x25519mlkem768'
    ? role === 'client'
      ? 1216
      : 1120
    : group === 'x25519'
      ? 32
      : group === 'secp256r1'
        ? 65
        : 97

t.test('a key of ML-KEM that is not reduced is refused', async t => {
  const pair = new OpenPair({
    ...(await both()),
    path: tamperHello('client', body => {
      const changed = body.slice()
      const at = body.length - (4 + 32) - 1216
      changed.fill(0xff, at, at + 3)
      return changed
    }),
  })
  pair.start()
  pair.run()
  t.match(pair.server.error, { code: 'protocol-violation', sentAlert: Alert.illegalParameter })
})

t.test('a spec that lies can also tell the truth', async t => {
  const types: number[] = []
  const options = await both()
  for (const role of ROLES) {
    const pair = new OpenPair(options).lieAs(role, ({ type }) => {
      types.push(type)
      return undefined
    })
    pair.start()
    pair.run()
    t.ok(pair.connected)
    t.notOk(equalBytes(pair.client.sent[0]!, pair.server.sent[0]!))
  }
  t.same(types, [11, 15, 20, 8, 13, 11, 15, 20])
})
