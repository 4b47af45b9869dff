/** Peers of DTLS 1.2 without extended master secret: refused, unless somebody has asked for them (RFC 7627, 5.2 to 5.4). */

import t from 'tap'
import { equalBytes, hex, utf8 } from '../../lib/bytes/index.ts'
import { Alert, type DtlsOptions, type DtlsRole } from '../../lib/dtls/index.ts'
import { nodeCrypto } from '../providers.ts'
import { certificate, connectedPair, End, sha256Of } from './pair.ts'
import { Puppet12, playClient, playServer } from './puppet-12.ts'

const EXTENDED_MASTER_SECRET = 23
const GCM = 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'
const EMPTY = new Uint8Array(0)
const OFFERED: readonly (readonly [number, Uint8Array])[] = [
  [10, Uint8Array.of(0, 4, 0, 29, 0, 23)],
  [13, Uint8Array.of(0, 2, 4, 3)],
]
const EXTENDED = [EXTENDED_MASTER_SECRET, EMPTY] as const

const opposite = { client: 'server', server: 'client' } as const

interface Play {
  readonly role: DtlsRole
  readonly extendedMasterSecret: boolean
  readonly options?: Partial<DtlsOptions>
  readonly requested?: { types: number[]; schemes: number[] } | undefined
}

/** Ours in that role, and the puppet that it meets. */
const play = async (play: Play) => {
  const own = await certificate('ec-p256', 'ours')
  const theirs = await certificate('ec-p256', 'puppet')
  const { role, extendedMasterSecret, requested = { types: [64], schemes: [0x0403] } } = play
  const ours = new End(
    {
      crypto: nodeCrypto,
      role,
      certificate: own,
      fingerprints: [sha256Of(theirs)],
      versions: ['1.2'],
      ...play.options,
    },
    () => {},
  )
  ours.dtls.start(0)
  const extensions = new Map([...(role === 'server' ? OFFERED : []), ...(extendedMasterSecret ? [EXTENDED] : [])])
  const terms = { certificate: theirs, suite: GCM, extensions, extendedMasterSecret }
  const puppet = new Puppet12(
    opposite[role],
    ours,
    'requested' in play && play.requested === undefined ? terms : { ...terms, requested },
  )
  return { ours, puppet, go: () => (role === 'server' ? playClient(puppet) : playServer(puppet)) }
}

const talk = (ours: End, puppet: Puppet12): boolean => {
  puppet.opened()
  ours.send('from us', 0)
  puppet.send(puppet.sealed(23, utf8('from the puppet')))
  return (
    puppet.opened().some(content => equalBytes(content, utf8('from us'))) && ours.texts.join() === 'from the puppet'
  )
}

t.test('a peer without it is refused by default, in either role', async t => {
  for (const role of ['client', 'server'] as const) {
    for (const options of [{}, { requireExtendedMasterSecret: true }]) {
      const { ours, go } = await play({ role, extendedMasterSecret: false, options })
      if (role === 'client') go()
      else t.throws(go, /not sent/)
      t.match(ours.error, { code: 'protocol-violation', sentAlert: Alert.handshakeFailure }, role)
    }
  }
})

t.test('where it is not required, a peer without it connects by the master secret of RFC 5246', async t => {
  for (const role of ['client', 'server'] as const) {
    const lines: string[] = []
    const options = { requireExtendedMasterSecret: false, trace: { keyLog: (line: string) => lines.push(line) } }
    const { ours, puppet, go } = await play({ role, extendedMasterSecret: false, options })
    const { extensions } = go()
    t.equal(extensions.has(EXTENDED_MASTER_SECRET), role === 'client', 'offered, but not answered to who lacks it')
    t.equal(ours.dtls.state, 'connected', role)
    t.ok(talk(ours, puppet))
    t.equal(hex(ours.dtls.exportKeyingMaterial('label', 40)), hex(puppet.keys.export('label', 40, undefined)))
    t.same(
      lines.map(line => line.split(' ')[2]),
      [hex(puppet.keys.masterSecret)],
    )
  }
})

t.test('where it is not required, it is used with whoever has it', async t => {
  for (const role of ['client', 'server'] as const) {
    const { ours, puppet, go } = await play({
      role,
      extendedMasterSecret: true,
      options: { requireExtendedMasterSecret: false },
    })
    t.ok(go().extensions.has(EXTENDED_MASTER_SECRET))
    t.equal(ours.dtls.state, 'connected')
    t.ok(talk(ours, puppet))
  }
  const client = await certificate('ec-p256', 'client')
  const server = await certificate('ec-p256', 'server')
  const loose = { requireExtendedMasterSecret: false, versions: ['1.2'] } as const
  t.ok(connectedPair({ client, server, clientOptions: loose, serverOptions: loose }).connected)
})

t.test('a server that asks for no certificate gets none', async t => {
  const { ours, puppet, go } = await play({ role: 'client', extendedMasterSecret: true, requested: undefined })
  go()
  t.equal(ours.dtls.state, 'connected')
  t.notOk(puppet.has(11) || puppet.has(15))
  t.ok(talk(ours, puppet))
})

t.test('a server whose request our certificate cannot meet gets none, and may go on', async t => {
  for (const requested of [
    { types: [1], schemes: [0x0403] },
    { types: [64], schemes: [0x0804, 0x0503] },
    { types: [64], schemes: [0x0203] },
    { types: [2, 3], schemes: [] },
  ]) {
    const { ours, puppet, go } = await play({ role: 'client', extendedMasterSecret: true, requested })
    go()
    t.equal(hex(puppet.heard(11)), '000000', 'an empty chain')
    t.notOk(puppet.has(15), 'and no signature')
    t.equal(ours.dtls.state, 'connected')
    t.ok(talk(ours, puppet))
  }
})

t.test('a request may name more than we know', async t => {
  const requested = { types: [64, 1, 2, 67, 240], schemes: [0x0904, 0x0403, 0x0101] }
  const { ours, go } = await play({ role: 'client', extendedMasterSecret: true, requested })
  go()
  t.equal(ours.dtls.state, 'connected')
})
