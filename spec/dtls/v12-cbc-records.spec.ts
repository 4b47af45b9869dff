/** Records of DTLS 1.2 under AES-CBC: what is sealed is opened, what is not the peer's is dropped, at one cost. */

import { createCipheriv, createHmac } from 'node:crypto'
import t from 'tap'
import { concatBytes } from '../../lib/bytes/index.ts'
import type { CryptoProvider } from '../../lib/crypto/index.ts'
import { CBC_SUITES } from '../../lib/dtls/cipher-suite.ts'
import { FORGED, REPLAYED } from '../../lib/dtls/record.ts'
import { CbcOpener, CbcSealer } from '../../lib/dtls/v12/cbc-protection.ts'
import type { TrafficKey } from '../../lib/dtls/v12/key-schedule.ts'
import type { Random } from '../../lib/machine/index.ts'
import { nodeCrypto, providers, seededCrypto } from '../providers.ts'

const suite = CBC_SUITES[0]!
const bytesOf = (length: number, from = 1): Uint8Array => Uint8Array.from({ length }, (_, i) => from + i)
const traffic: TrafficKey = { key: bytesOf(16), iv: new Uint8Array(0), macKey: bytesOf(20, 100) }

const DATA = 23
const HEADER = 13
const header = (sequence: number, length: number): Uint8Array =>
  Uint8Array.of(DATA, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, sequence, length >> 8, length)
const macHeader = (sequence: number, length: number): Uint8Array =>
  Uint8Array.of(0, 1, 0, 0, 0, 0, 0, sequence, DATA, 0xfe, 0xfd, length >> 8, length)
const hmac = (...parts: Uint8Array[]): Uint8Array =>
  new Uint8Array(
    createHmac('sha1', traffic.macKey)
      .update(concatBytes(...parts))
      .digest(),
  )
const encrypt = (iv: Uint8Array, plain: Uint8Array): Uint8Array => {
  const cipher = createCipheriv('aes-128-cbc', traffic.key, iv).setAutoPadding(false)
  return new Uint8Array(cipher.update(plain))
}
const iv = bytesOf(16, 200)
/** Gives that IV. */
const fixedRandom: Random = {
  fill: target => {
    target.set(iv)
    return target
  },
}

/** A record with the MAC within, as the standard draws it; `padding` is all of it, with its length byte. */
const macFirst = (sequence: number, content: Uint8Array, padding: Uint8Array, mac?: Uint8Array): Uint8Array => {
  const tag = mac ?? hmac(macHeader(sequence, content.length), content)
  const fragment = concatBytes(iv, encrypt(iv, concatBytes(content, tag, padding)))
  return concatBytes(header(sequence, fragment.length), fragment)
}

/** A record with the MAC around. */
const macLast = (sequence: number, content: Uint8Array, padding: Uint8Array): Uint8Array => {
  const ciphertext = concatBytes(iv, encrypt(iv, concatBytes(content, padding)))
  const tag = hmac(macHeader(sequence, ciphertext.length), ciphertext)
  return concatBytes(header(sequence, ciphertext.length + tag.length), ciphertext, tag)
}

const paddingOf = (length: number): Uint8Array => new Uint8Array(length + 1).fill(length)
const opener = (encryptThenMac: boolean, crypto: CryptoProvider = nodeCrypto) =>
  new CbcOpener(crypto, suite, traffic, 1, encryptThenMac)
const MODES = [false, true]

for (const { name, crypto } of providers) {
  t.test(`what is sealed is opened, whatever its length, on ${name}`, t => {
    for (const encryptThenMac of MODES) {
      const sealer = new CbcSealer(crypto, suite, traffic, 1, encryptThenMac)
      const other = opener(encryptThenMac, crypto)
      const wrong: number[] = []
      for (let length = 0; length < 300; length++) {
        const content = bytesOf(length)
        const room = new Uint8Array(sealer.before + length + sealer.after)
        room.set(content, sealer.before)
        const end = sealer.seal(DATA, room, sealer.before, sealer.before + length)
        const contentEnd = other.open(room, 0, end)
        const opened = room.slice(other.start, contentEnd)
        if (other.type !== DATA || other.sequence !== length || `${opened}` !== `${content}`) wrong.push(length)
        if (other.open(room, 0, end) !== REPLAYED) wrong.push(length)
      }
      t.same(wrong, [], encryptThenMac ? 'the MAC around' : 'the MAC within')
    }
    t.end()
  })
}

t.test('records are as the standards draw them', t => {
  const content = bytesOf(50)
  for (const encryptThenMac of MODES) {
    const crypto = { ...nodeCrypto, random: fixedRandom }
    const sealer = new CbcSealer(crypto, suite, traffic, 1, encryptThenMac)
    sealer.sequence = 7
    const room = new Uint8Array(sealer.before + 50 + sealer.after)
    room.set(content, sealer.before)
    const sealed = room.slice(0, sealer.seal(DATA, room, sealer.before, sealer.before + 50))
    // 50 + 20 are ten short of five blocks, 50 alone fourteen short of four.
    const expected = encryptThenMac ? macLast(7, content, paddingOf(13)) : macFirst(7, content, paddingOf(9))
    t.strictSame(sealed, expected)
  }
  t.end()
})

t.test('each record has an IV of its own that nobody foresees', t => {
  const sealer = new CbcSealer(seededCrypto(1), suite, traffic, 1, false)
  const ivs = new Set<string>()
  for (let i = 0; i < 20; i++) {
    const room = new Uint8Array(100)
    sealer.seal(DATA, room, sealer.before, sealer.before + 10)
    ivs.add(`${room.slice(HEADER, sealer.before)}`)
  }
  t.equal(ivs.size, 20)
  t.end()
})

t.test('padding of any legal length is taken, with the MAC within and around', t => {
  const content = bytesOf(19)
  for (let length = 8; length < 256; length += 16) {
    const within = macFirst(1, content, paddingOf(length))
    const end = opener(false).open(within, 0, within.length)
    t.strictSame(within.slice(29, Math.max(end, 29)), content, `${length}`)
  }
  for (let length = 12; length < 256; length += 16) {
    const around = macLast(1, content, paddingOf(length))
    const end = opener(true).open(around, 0, around.length)
    t.strictSame(around.slice(29, Math.max(end, 29)), content, `${length}`)
  }
  t.end()
})

/** What is spent on a record: blocks through SHA-1, calls of AES. */
const spending = () => {
  const spent = { sha1: 0, cbc: 0 }
  const compressions = (length: number): number => Math.floor((length + 8) / 64) + 1
  const total = (parts: readonly Uint8Array[]): number => parts.reduce((sum, { length }) => sum + length, 0)
  const crypto: CryptoProvider = {
    ...nodeCrypto,
    createMac: (name, key) => {
      const mac = nodeCrypto.createMac(name, key)
      const compute = (...parts: readonly Uint8Array[]): Uint8Array => {
        spent.sha1 += compressions(total(parts))
        return mac.compute(...parts)
      }
      return { length: mac.length, compute }
    },
    hash: (name, ...parts) => {
      spent.sha1 += compressions(total(parts))
      return nodeCrypto.hash(name, ...parts)
    },
    createCbc: key => {
      const cbc = nodeCrypto.createCbc(key)
      return {
        encrypt: cbc.encrypt,
        decrypt: (iv, buffer, start, end) => {
          spent.cbc++
          cbc.decrypt(iv, buffer, start, end)
        },
      }
    },
  }
  return { spent, crypto }
}

t.test('with the MAC within, a record of one length costs the same whatever is wrong with it, and is forged', t => {
  // All of 400 bytes behind the IV: 25 blocks.
  const LENGTH = 400
  const good = (padding: number): Uint8Array => macFirst(1, bytesOf(LENGTH - 21 - padding), paddingOf(padding))
  const costs = new Set<string>()
  const judge = (record: Uint8Array, expected: number, name: string): void => {
    t.equal(record.length, HEADER + 16 + LENGTH)
    const { spent, crypto } = spending()
    t.equal(opener(false, crypto).open(record.slice(), 0, record.length), expected, name)
    costs.add(JSON.stringify(spent))
  }
  for (let padding = 0; padding < 256; padding += 5) {
    const content = bytesOf(LENGTH - 21 - padding)
    judge(good(padding), 29 + content.length, `a padding of ${padding} is right`)
    judge(macFirst(1, content, paddingOf(padding), bytesOf(20)), FORGED, `a padding of ${padding}, but a wrong MAC`)
    const lastOfMac = hmac(macHeader(1, content.length), content)
    lastOfMac[19]! ^= 1
    judge(macFirst(1, content, paddingOf(padding), lastOfMac), FORGED, `a padding of ${padding}, the MAC's last bit`)
    for (const at of new Set([0, padding >> 1, padding - 1])) {
      if (at < 0 || padding === 0) continue
      const spoilt = paddingOf(padding)
      spoilt[at]! ^= 1
      judge(macFirst(1, content, spoilt), FORGED, `a padding of ${padding} whose byte ${at} is wrong`)
    }
  }
  t.equal(costs.size, 1, [...costs].join(' '))
  t.end()
})

t.test('a padding that is longer than the record is forged, also where the MAC is right without it', t => {
  for (const named of [44, 45, 60, 255]) {
    // 43 bytes of content, MAC, and a length byte that is all of the padding.
    const record = macFirst(1, bytesOf(43), Uint8Array.of(named))
    t.equal(opener(false).open(record, 0, record.length), FORGED, `${named}`)
    const around = macLast(1, bytesOf(63), Uint8Array.of(Math.max(named, 64)))
    t.equal(opener(true).open(around, 0, around.length), FORGED, `${named}, the MAC around`)
  }
  t.end()
})

t.test('a record that is nothing but padding is forged', t => {
  // 48 bytes that all say how many others there are: no room is left for a MAC that could be wrong.
  for (let named = 28; named < 48; named++) {
    const plain = new Uint8Array(48).fill(named)
    const fragment = concatBytes(iv, encrypt(iv, plain))
    const record = concatBytes(header(1, fragment.length), fragment)
    t.equal(opener(false).open(record, 0, record.length), FORGED, `${named}`)
  }
  t.end()
})

t.test('with the MAC around, nothing forged is decrypted', t => {
  const record = macLast(1, bytesOf(40), paddingOf(7))
  const { spent, crypto } = spending()
  const other = opener(true, crypto)
  for (let at = 0; at < record.length; at++) {
    // Bytes 11 and 12 say how long the record is, which the record layer has read by then.
    if (at === 11 || at === 12) continue
    const copy = record.slice()
    copy[at]! ^= 1
    t.equal(other.open(copy, 0, copy.length), FORGED, `${at}`)
  }
  t.equal(spent.cbc, 0)
  t.equal(other.open(record, 0, record.length), 29 + 40)
  t.equal(spent.cbc, 1)
  t.end()
})

t.test('a record cut to any length is forged', t => {
  for (const encryptThenMac of MODES) {
    const record = encryptThenMac ? macLast(1, bytesOf(40), paddingOf(7)) : macFirst(1, bytesOf(40), paddingOf(3))
    const other = opener(encryptThenMac)
    for (let length = HEADER; length < record.length; length++) {
      t.equal(other.open(record.slice(0, length), 0, length), FORGED)
    }
    t.ok(other.open(record, 0, record.length) > 0, 'the whole one is good')
  }
  t.end()
})
