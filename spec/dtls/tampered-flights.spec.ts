/**
 * Whatever happens to the flights of a handshake on their way: nothing throws, nobody accepts a handshake whose
 * transcript was touched, and what happens to protected records alone only delays it.
 */

import fc from 'fast-check'
import t from 'tap'
import { HandshakeType } from '../../lib/dtls/handshake-message.ts'
import type { DtlsOptions } from '../../lib/dtls/index.ts'
import { certificate, clear, DELAY, type Path } from './pair.ts'
import {
  agreed,
  befall,
  HelloRewriter,
  helloChange,
  isProtected,
  LoggedPair,
  mishap,
  recordBounds,
  resealed,
  role,
  wrongAcceptance,
} from './tampering.ts'

/** Virtual milliseconds: longer than any number of retransmissions goes on. */
const LONG = 1e6
/** Datagrams of a side: eleven times a flight of five, each time in smaller datagrams, and alerts. */
const MOST_DATAGRAMS = 200

interface Setting {
  readonly name: string
  readonly options: Partial<DtlsOptions>
}

const of = (
  name: string,
  versions: NonNullable<DtlsOptions['versions']>,
  more: Partial<DtlsOptions> = {},
): Setting => ({
  name,
  options: { versions, groups: ['x25519', 'secp256r1'], initialTimeout: 100, ...more },
})
/** What both ends are set to. The hybrid group costs most of the time that there is: once is enough. */
const settings: readonly Setting[] = [
  of('DTLS 1.2', ['1.2']),
  of('DTLS 1.2 with a cookie', ['1.2'], { cookieExchange: true }),
  of('DTLS 1.3', ['1.3']),
  of('DTLS 1.3 with a cookie', ['1.3'], { cookieExchange: true }),
  of('both versions and the hybrid group', ['1.3', '1.2'], { groups: ['x25519mlkem768', 'x25519', 'secp256r1'] }),
  of('both versions in small datagrams', ['1.3', '1.2'], { mtu: 200 }),
]

const certificates = async () => ({
  client: await certificate('ec-p256', 'client'),
  server: await certificate('ec-p256', 'server'),
})

/** Runs until both have come to an end, for better or worse. */
const finish = (pair: LoggedPair): void => {
  const settled = () => pair.connected || pair.ends.every(({ dtls }) => dtls.state === 'failed')
  pair.start()
  pair.run(settled, LONG)
  pair.run(() => false, 5000)
}

/** A handshake that nobody touches. */
const untouched = (own: Readonly<Awaited<ReturnType<typeof certificates>>>, options: Partial<DtlsOptions>) => {
  const pair = new LoggedPair(own.client, own.server, options, clear)
  finish(pair)
  return pair
}

for (const { name, options } of settings) {
  t.test(`${name}: what happens to datagrams`, async t => {
    const own = await certificates()
    const model = untouched(own, options)
    t.ok(model.connected)
    const meant = agreed(model.client)
    const foreign = { client: model.client.sent, server: model.server.sent }
    const event = fc.record({ from: role, index: fc.nat({ max: 6 }), lasting: fc.boolean(), what: mishap })
    let cameThrough = 0
    t.doesNotThrow(() =>
      fc.assert(
        fc.property(fc.array(event, { minLength: 1, maxLength: 3 }), events => {
          const path: Path = (datagram, from, index) => {
            const found = events.find(({ from: whose, index: first, lasting, what }) => {
              // Who sends a foreign hello for ever is answered for ever, every 40 ms at most.
              const since = lasting && what.kind !== 'foreign'
              return whose === from && (since ? index >= first : index === first)
            })
            return found === undefined ? clear(datagram, from, index) : befall(datagram, from, found.what, foreign)
          }
          const pair = new LoggedPair(own.client, own.server, options, path)
          finish(pair)
          const wrong = wrongAcceptance(pair, own, meant)
          if (wrong !== undefined) throw new Error(wrong)
          if (pair.connected) cameThrough++
          return pair.ends.every(({ sent }) => sent.length < MOST_DATAGRAMS)
        }),
        { numRuns: 25 },
      ),
    )
    t.ok(cameThrough > 0, 'and some come through')
  })

  t.test(`${name}: hellos that were changed with skill`, async t => {
    const own = await certificates()
    const meant = agreed(untouched(own, options).client)
    t.doesNotThrow(() =>
      fc.assert(
        fc.property(role, helloChange, (from, how) => {
          const rewriter = new HelloRewriter(
            from === 'client' ? HandshakeType.clientHello : HandshakeType.serverHello,
            how,
          )
          const pair = new LoggedPair(own.client, own.server, options, (datagram, sender, index) =>
            sender === from
              ? rewriter.rewrite(datagram).map(bytes => ({ bytes, delay: DELAY }))
              : clear(datagram, sender, index),
          )
          finish(pair)
          const wrong = wrongAcceptance(pair, own, meant)
          if (wrong !== undefined) throw new Error(wrong)
          return true
        }),
        { numRuns: 20 },
      ),
    )
  })

  t.test(`${name}: changed protected records only cost time`, async t => {
    const own = await certificates()
    const flip = fc.record({
      from: role,
      index: fc.nat({ max: 4 }),
      at: fc.nat(),
      mask: fc.integer({ min: 1, max: 255 }),
      beside: fc.boolean(),
    })
    t.doesNotThrow(() =>
      fc.assert(
        fc.property(fc.array(flip, { minLength: 1, maxLength: 4 }), flips => {
          const pair = new LoggedPair(own.client, own.server, options, (datagram, from, index) => {
            const found = flips.find(each => each.from === from && each.index === index)
            const bounds = recordBounds(datagram)
            const first = bounds.find(at => at < datagram.length && isProtected(datagram, at))
            if (found === undefined || first === undefined) return clear(datagram, from, index)
            const bytes = datagram.slice()
            bytes[first + (found.at % (bytes.length - first))]! ^= found.mask
            // In the place of the genuine one, or ahead of it.
            return [{ bytes, delay: DELAY - 1 }, ...(found.beside ? clear(datagram, from, index) : [])]
          })
          finish(pair)
          return pair.connected
        }),
        { numRuns: 25 },
      ),
    )
  })
}

t.test('a peer that knows the keys of DTLS 1.3 and changes what they protect', async t => {
  const own = await certificates()
  const options: Partial<DtlsOptions> = { versions: ['1.3'], groups: ['x25519'], initialTimeout: 100 }
  const meant = agreed(untouched(own, options).client)
  const { encryptedExtensions, certificateRequest, certificateVerify, finished } = HandshakeType
  const ofBoth = [HandshakeType.certificate, certificateVerify, finished]
  const protectedMessages = {
    server: [encryptedExtensions, certificateRequest, ...ofBoth],
    client: ofBoth,
  } as const
  for (const from of ['client', 'server'] as const) {
    for (const type of protectedMessages[from]) {
      t.doesNotThrow(
        () =>
          fc.assert(
            fc.property(fc.nat(), fc.integer({ min: 1, max: 255 }), (at, mask) => {
              let touched = false
              const pair: LoggedPair = new LoggedPair(own.client, own.server, options, (datagram, sender, index) => {
                if (sender !== from) return clear(datagram, sender, index)
                const bytes = resealed(pair, from, datagram, content => {
                  if (touched || content[0] !== type) return undefined
                  touched = true
                  // Behind the header, whose other fields are no part of the transcript.
                  content[12 + (at % (content.length - 12))]! ^= mask
                  return content
                })
                return [{ bytes, delay: DELAY }]
              })
              finish(pair)
              const wrong = wrongAcceptance(pair, own, meant)
              if (wrong !== undefined) throw new Error(wrong)
              const judge = from === 'client' ? pair.server : pair.client
              return touched && judge.dtls.state === 'failed'
            }),
            { numRuns: 10 },
          ),
        `${from} ${type}`,
      )
    }
  }
})
