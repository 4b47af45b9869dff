/**
 * Somebody on the path, for property specs: what may happen to the datagrams of a handshake, and how to tell afterwards
 * that nobody was let in who should not have been.
 */

import fc from 'fast-check'
import { concatBytes, fromHex } from '../../lib/bytes/index.ts'
import type { Certificate } from '../../lib/crypto/index.ts'
import { HandshakeType } from '../../lib/dtls/handshake-message.ts'
import { decodeClientHello, decodeServerHello, encodeClientHello, encodeServerHello } from '../../lib/dtls/hello.ts'
import type { DtlsOptions, DtlsRole } from '../../lib/dtls/index.ts'
import { ContentType, RECORD_HEADER } from '../../lib/dtls/record.ts'
import { CIPHER_SUITES_13 } from '../../lib/dtls/v13/cipher-suite.ts'
import { trafficKeys } from '../../lib/dtls/v13/key-schedule.ts'
import { Opener13 } from '../../lib/dtls/v13/record-protection.ts'
import { isUnified, unifiedRecordEnd } from '../../lib/dtls/v13/unified-header.ts'
import { nodeCrypto } from '../providers.ts'
import { DELAY, type End, Pair, type Path } from './pair.ts'
import { buildMessage, plainRecord } from './wire.ts'
import { unifiedRecord } from './wire-13.ts'

export const role = fc.constantFrom<DtlsRole>('client', 'server')

/** A pair of which each end writes a key log. */
export class LoggedPair extends Pair {
  /** The latest secret of each label. */
  readonly secrets: Readonly<Record<DtlsRole, Map<string, string>>>

  constructor(client: Certificate, server: Certificate, options: Partial<DtlsOptions>, path: Path) {
    const secrets = { client: new Map<string, string>(), server: new Map<string, string>() }
    const logged = (side: DtlsRole): Partial<DtlsOptions> => ({
      ...options,
      trace: {
        keyLog: line => {
          const [label, , secret] = line.split(' ')
          secrets[side].set(label!, secret!)
        },
      },
    })
    super({ client, server, clientOptions: logged('client'), serverOptions: logged('server'), path })
    this.secrets = secrets
  }
}

/** What both ends of an untouched handshake agree on. */
export const agreed = ({ dtls }: End): string =>
  [dtls.version, dtls.cipherSuite?.name, dtls.group, dtls.srtpProfile].join(' ')

/**
 * What is wrong with a pair of which an end is connected, or was, in words; undefined when nothing is.
 *
 * Both versions make their secrets from the hash of the transcript (RFC 7627, 4; RFC 8446, 7.1): ends with the same
 * ones have seen the same messages. Of an end that is connected the other may not know yet, but it has the secrets.
 * @param meant What ends agree on where nobody interferes.
 */
export const wrongAcceptance = (
  pair: LoggedPair,
  certificates: Readonly<Record<DtlsRole, Certificate>>,
  meant: string,
): string | undefined => {
  for (const side of ['client', 'server'] as const) {
    const other = side === 'client' ? 'server' : 'client'
    const end = pair[side]
    // What failed afterwards had let the peer in for a while.
    if (!end.events.some(({ type }) => type === 'connected')) continue
    if (agreed(end) !== meant) return `the ${side} agreed on ${agreed(end)}`
    if (end.dtls.remoteCertificate?.join() !== certificates[other].der.join()) return `the ${side} took a wrong peer`
    const label = end.dtls.version === 0xfefc ? 'EXPORTER_SECRET' : 'CLIENT_RANDOM'
    const secret = pair.secrets[side].get(label)
    if (secret === undefined || secret !== pair.secrets[other].get(label)) return `the ${side} saw another handshake`
  }
  if (!pair.connected) return undefined
  const [a, b] = pair.ends.map(end => end.dtls.exportKeyingMaterial('check', 16).join())
  return a === b ? undefined : 'the ends export different keys'
}

/** Where the records of a datagram begin, and its end; one of no sense reaches to the end. */
export const recordBounds = (datagram: Uint8Array): number[] => {
  const bounds = [0]
  for (let at = 0; at < datagram.length; ) {
    const plain = at + RECORD_HEADER + ((datagram[at + 11] ?? 0) << 8) + (datagram[at + 12] ?? 0)
    const end = isUnified(datagram[at]!) ? unifiedRecordEnd(datagram, at) : plain
    at = end < 0 || end > datagram.length ? datagram.length : end
    bounds.push(at)
  }
  return bounds
}

/** Whether the record at `at` is protected, in either version. */
export const isProtected = (datagram: Uint8Array, at: number): boolean =>
  isUnified(datagram[at]!) || datagram[at + 4] !== 0

/** Takes a hello apart, changes it, and puts it together as somebody would who knows how. */
export const changeHello = (type: number, body: Uint8Array, how: HelloChange): Uint8Array => {
  const isClient = type === HandshakeType.clientHello
  const hello = isClient ? decodeClientHello(body) : decodeServerHello(body)
  const list = [...hello.extensions]
  const at = how.at % Math.max(1, list.length)
  const random = hello.random.slice()
  const sessionId = how.kind === 'session id' ? Uint8Array.of(how.value) : hello.sessionId
  switch (how.kind) {
    case 'leave out':
      list.splice(at, 1)
      break
    case 'add':
      list.push([0x7a7a, Uint8Array.of(how.value)])
      break
    case 'reorder':
      list.push(...list.splice(at, 1))
      break
    case 'shorten':
      // The best of a list of numbers is gone: a version, a group, a scheme.
      if (list[at]) list[at] = [list[at][0], withoutFirst(list[at][0], list[at][1])]
      break
    case 'random':
      random[how.value % 32]! ^= 1
      break
  }
  const extensions = new Map(list)
  if ('cipherSuites' in hello) {
    const cipherSuites = how.kind === 'suites' ? hello.cipherSuites.slice(1) : hello.cipherSuites
    return encodeClientHello({ ...hello, random, sessionId, cipherSuites, extensions })
  }
  const cipherSuite = how.kind === 'suites' ? hello.cipherSuite ^ 3 : hello.cipherSuite
  return encodeServerHello({ ...hello, random, sessionId, cipherSuite, extensions })
}

/** supported_versions has a length of one byte, the others one of two. */
const withoutFirst = (type: number, data: Uint8Array): Uint8Array => {
  const prefix = type === 43 ? 1 : 2
  if (data.length < prefix + 4) return data
  const length = data.length - prefix - 2
  return concatBytes(prefix === 1 ? Uint8Array.of(length) : Uint8Array.of(length >>> 8, length), data.slice(prefix + 2))
}

export const helloChange = fc.record({
  kind: fc.constantFrom('leave out', 'add', 'reorder', 'shorten', 'random', 'session id', 'suites'),
  at: fc.nat({ max: 20 }),
  value: fc.nat({ max: 255 }),
})
export type HelloChange = typeof helloChange extends fc.Arbitrary<infer T> ? T : never

/** Whoever knows the keys of epoch 2: opens what they protect, changes it, and seals it again. */
export const resealed = (
  pair: LoggedPair,
  from: DtlsRole,
  datagram: Uint8Array,
  change: (content: Uint8Array) => Uint8Array | undefined,
): Uint8Array => {
  const digits = pair.secrets[from].get(`${from.toUpperCase()}_HANDSHAKE_TRAFFIC_SECRET`)
  const suite = CIPHER_SUITES_13.find(({ id }) => id === pair.server.dtls.cipherSuite?.id)
  if (digits === undefined || suite === undefined) return datagram
  const keys = trafficKeys(nodeCrypto, suite, fromHex(digits)!)
  const bounds = recordBounds(datagram)
  const parts = bounds.slice(1).map((end, i) => {
    const record = datagram.slice(bounds[i], end)
    if (!isUnified(record[0]!) || (record[0]! & 3) !== 2) return record
    const opener = new Opener13(nodeCrypto, suite, keys, 2)
    const open = record.slice()
    const contentEnd = opener.open(open, 0, open.length)
    const content =
      contentEnd < 0 || opener.type !== ContentType.handshake ? undefined : change(open.slice(opener.start, contentEnd))
    if (content === undefined) return record
    return unifiedRecord({ suite, keys, epoch: 2, sequence: opener.sequence, type: ContentType.handshake, content })
  })
  return concatBytes(...parts)
}

/** Hello messages in whole, in fragments of records of epoch 0; collects what comes in several datagrams. */
export class HelloRewriter {
  readonly #how: HelloChange
  readonly #type: number
  #parts = new Map<number, Uint8Array>()

  constructor(type: number, how: HelloChange) {
    this.#type = type
    this.#how = how
  }

  /** The datagrams to deliver in the place of this one. */
  rewrite(datagram: Uint8Array): Uint8Array[] {
    const bounds = recordBounds(datagram)
    const kept: Uint8Array[] = []
    const hellos: Uint8Array[] = []
    for (const [i, end] of bounds.slice(1).entries()) {
      const record = datagram.slice(bounds[i], end)
      if (isProtected(record, 0) || record[0] !== ContentType.handshake || record[RECORD_HEADER] !== this.#type) {
        kept.push(record)
      } else {
        const hello = this.#collect(record.subarray(RECORD_HEADER))
        if (hello !== undefined) hellos.push(hello)
      }
    }
    return kept.length > 0 ? [...hellos, concatBytes(...kept)] : hellos
  }

  #collect(fragment: Uint8Array): Uint8Array | undefined {
    const number24 = (at: number): number => (fragment[at]! << 16) | (fragment[at + 1]! << 8) | fragment[at + 2]!
    this.#parts.set(number24(6), fragment.slice(12))
    const body = new Uint8Array(number24(1))
    let covered = 0
    for (const [offset, part] of this.#parts) {
      body.set(part, offset)
      covered += part.length
    }
    if (covered < body.length) return undefined
    this.#parts = new Map()
    const sequence = (fragment[4]! << 8) | fragment[5]!
    const changed = changeHello(this.#type, body, this.#how)
    return plainRecord(ContentType.handshake, buildMessage(this.#type, sequence, changed), sequence)
  }
}

/** One thing that happens to a datagram. */
export const mishap = fc.oneof(
  fc.record({
    kind: fc.constant('flip' as const),
    bytes: fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 3 }),
  }),
  fc.record({ kind: fc.constant('cut' as const), at: fc.nat() }),
  fc.record({ kind: fc.constant('drop' as const) }),
  fc.record({
    kind: fc.constant('repeat' as const),
    delays: fc.array(fc.nat({ max: 5000 }), { minLength: 1, maxLength: 3 }),
  }),
  fc.record({ kind: fc.constant('late' as const), delay: fc.integer({ min: 1, max: 3000 }) }),
  fc.record({ kind: fc.constant('overlap' as const), at: fc.nat(), mask: fc.constantFrom(0, 0, 1, 0x80) }),
  fc.record({ kind: fc.constant('foreign' as const), index: fc.nat({ max: 5 }), reflected: fc.boolean() }),
)
export type Mishap = typeof mishap extends fc.Arbitrary<infer T> ? T : never

type Arrivals = readonly { readonly bytes: Uint8Array; readonly delay: number }[]

/**
 * What arrives in the place of a datagram.
 * @param foreign What both ends of another connection sent.
 * @param from Who sent the datagram.
 */
export const befall = (
  datagram: Uint8Array,
  from: DtlsRole,
  what: Mishap,
  foreign: Readonly<Record<DtlsRole, readonly Uint8Array[]>>,
): Arrivals => {
  const whole = { bytes: datagram, delay: DELAY }
  switch (what.kind) {
    case 'flip': {
      const bytes = datagram.slice()
      for (const [at, mask] of what.bytes) bytes[at % bytes.length]! ^= mask
      return [{ bytes, delay: DELAY }]
    }
    case 'cut':
      return [{ bytes: datagram.slice(0, what.at % datagram.length), delay: DELAY }]
    case 'drop':
      return []
    case 'repeat':
      return [whole, ...what.delays.map(delay => ({ bytes: datagram, delay: DELAY + delay }))]
    case 'late':
      return [{ bytes: datagram, delay: DELAY + what.delay }]
    case 'overlap':
      return [...overlaps(datagram, what.at, what.mask).map(bytes => ({ bytes, delay: DELAY - 1 })), whole]
    default: {
      const datagrams = foreign[what.reflected === (from === 'client') ? 'server' : 'client']
      const bytes = datagrams[what.index % datagrams.length]!
      return [{ bytes, delay: DELAY - 1 }, whole]
    }
  }
}

/** Fragments of the plaintext handshake messages in a datagram once more, cut at will, perhaps with a byte changed. */
const overlaps = (datagram: Uint8Array, at: number, mask: number): Uint8Array[] => {
  const bounds = recordBounds(datagram)
  return bounds.slice(1).flatMap((end, i) => {
    const record = datagram.slice(bounds[i], end)
    const fragment = record.subarray(RECORD_HEADER)
    if (isProtected(record, 0) || record[0] !== ContentType.handshake || fragment.length < 14) return []
    const body = fragment.slice(12)
    const from = at % (body.length - 1)
    const to = from + 1 + ((at >>> 3) % (body.length - from))
    const offset = ((fragment[6]! << 16) | (fragment[7]! << 8) | fragment[8]!) + from
    body[from]! ^= mask
    const length = to - from
    const header = concatBytes(
      fragment.slice(0, 6),
      Uint8Array.of(offset >>> 16, offset >>> 8, offset, length >>> 16, length >>> 8, length),
    )
    return [plainRecord(ContentType.handshake, concatBytes(header, body.slice(from, to)), 1000 + i)]
  })
}
