/**
 * Whoever can only send to a side that shakes hands, thousands of datagrams, in its peer's name, neither ends the
 * handshake nor has it send more than the datagrams that reach it.
 */

import t from 'tap'
import { Writer } from '../../lib/bytes/index.ts'
import type { DtlsRole, DtlsVersion } from '../../lib/dtls/index.ts'
import { ROLES } from './disturbance.ts'
import { certificate, clear, Pair, type PairOptions } from './pair.ts'
import { buildMessage, plainRecord } from './wire.ts'

const options = async (version: DtlsVersion): Promise<PairOptions> => ({
  client: await certificate('ec-p256', 'client'),
  server: await certificate('ec-p256', 'server'),
  clientOptions: { versions: [version], groups: ['x25519'] },
  serverOptions: { versions: [version] },
})

const other = { client: 'server', server: 'client' } as const
const bytesOf = (length: number, from: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (from + 7 * i) & 255)
const LONG = bytesOf(2000, 1)
const HANDSHAKE = 22
const ACK = 26
const ALERT = 21

interface Attack {
  readonly name: string
  /** The i-th datagram; `heard` is what the real peer has sent so far. */
  readonly datagram: (i: number, heard: readonly Uint8Array[], to: DtlsRole) => Uint8Array
}

const ATTACKS: readonly Attack[] = [
  {
    name: 'what the peer sent, again and again',
    datagram: (i, heard) => heard[i % heard.length] ?? bytesOf(20, i),
  },
  {
    name: 'hellos of others',
    datagram: (i, _heard, to) => {
      const hello = new Writer()
        .u16(0xfefd)
        .bytes(bytesOf(32, i))
        .vector8(new Uint8Array(0))
        .vector8(new Uint8Array(0))
        .vector16(Uint8Array.of(0x13, 1, 0xc0, 0x2b))
        .vector8(Uint8Array.of(0))
        .finish()
      return plainRecord(HANDSHAKE, buildMessage(to === 'server' ? 1 : 2, i % 3, hello), i)
    },
  },
  {
    name: 'pieces of messages',
    datagram: i => {
      const body = LONG
      return plainRecord(HANDSHAKE, buildMessage(11 + (i % 10), 1 + (i % 9), body, i % 1000, 1000 + (i % 900)), i)
    },
  },
  { name: 'ACKs that name nothing', datagram: i => plainRecord(ACK, Uint8Array.of(0, 0), i) },
  {
    name: 'ACKs that name records',
    datagram: i => {
      const list = new Writer()
      for (let n = 0; n < 3; n++)
        list
          .u48(0)
          .u16(0)
          .u48(0)
          .u16((i + n) % 40)
      return plainRecord(ACK, new Writer().vector16(list.finish()).finish(), i)
    },
  },
  {
    name: 'noise under a unified header',
    datagram: i => Uint8Array.of(0x2c | (i & 3), i >>> 8, i & 255, 0, 60, ...bytesOf(60, i)),
  },
  {
    name: 'records of an epoch to come',
    datagram: i =>
      Uint8Array.of(22 + (i & 1), 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, i >>> 8, i & 255, 0, 60, ...bytesOf(60, i)),
  },
  // close_notify and user_canceled: others are fatal in DTLS 1.3, and believed when nothing else comes for a timeout.
  { name: 'farewells', datagram: i => plainRecord(ALERT, Uint8Array.of(1, 90 * (i & 1)), i) },
]

/** Milliseconds for which nothing but the attacker gets through, and between its datagrams. */
const WINDOW = 2500
const PERIOD = 5

const total = (datagrams: readonly Uint8Array[]): number => datagrams.reduce((sum, { length }) => sum + length, 0)

for (const version of ['1.2', '1.3'] as const) {
  for (const { name, datagram } of ATTACKS) {
    t.test(`DTLS ${version}: ${name}`, async t => {
      const pairOptions = await options(version)
      for (const to of ROLES) {
        for (const stage of [0, 1, 2, 3]) {
          let carried = 0
          const pair = new Pair({ ...pairOptions, path: bytes => (carried++ < stage ? clear(bytes, to, 0) : []) })
          pair.start()
          pair.run(() => false, 200)
          const end = pair[to]
          const connected = end.dtls.state === 'connected'
          const sent = end.sent.length
          const heard = pair[other[to]].sent.map(bytes => bytes.slice())
          let received = 0
          for (let at = 0; at < WINDOW; at += PERIOD) {
            const bytes = datagram(at, heard, to)
            received += bytes.length
            pair.inject(bytes, to, at)
          }
          pair.run(() => false, WINDOW)
          const answers = end.sent.slice(sent)
          const where = `to the ${to} after ${stage} datagrams`
          t.ok(total(answers) <= received, `${where}: ${total(answers)} bytes for ${received}`)
          // Two timeouts, and a few repetitions until each of them and after.
          t.ok(answers.length <= 20, `${where}: ${answers.length} datagrams`)
          if (connected) t.equal(end.dtls.state, 'connected')
          pair.path = clear
          pair.run(() => pair.connected, 20_000)
          if (name.startsWith('hellos') || name.startsWith('pieces')) {
            // What is in the clear can be anybody's: who believes the wrong hello cannot know, and does not connect to it.
            t.notOk(end.error?.code === 'alert-received')
          } else {
            pair.run(() => false, 10)
            t.ok(pair.connected, `${where}: ${end.error?.message ?? pair[other[to]].error?.message}`)
          }
        }
      }
    })
  }
}
