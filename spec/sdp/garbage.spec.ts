import fc from 'fast-check'
import t from 'tap'
import { formatSdp, parseSdp, SdpError } from '../../lib/sdp/index.ts'
import { fixtureText } from '../fixture.ts'

/** Reads a text; whatever is thrown is an SdpError with a line of the text, or of its end. */
const readsOrRefuses = (text: string, anyOrder: boolean): void => {
  try {
    const written = formatSdp(parseSdp(text, { anyOrder }))
    if (formatSdp(parseSdp(written, { anyOrder })) !== written) throw new Error('written otherwise the second time')
  } catch (error) {
    if (!(error instanceof SdpError)) throw error
    const lines = text.split('\n').length
    if (error.line < 1 || error.line > lines + 1) throw new Error(`line ${error.line} of ${lines}`)
  }
}

const samples = [
  'sdp/chromium-156/data-only.offer.sdp',
  'sdp/chromium-156/simulcast-send.offer.sdp',
  'sdp/firefox-esr-153/audio-video-data.offer.sdp',
  'sdp/sdp-transform/hacky.sdp',
].map(fixtureText)

const sample = fc.constantFrom(...samples)

t.test('any text is read or refused with a line', t => {
  const line = fc.tuple(fc.constantFrom(...'vosiuepcbtrzkamf'), fc.string({ unit: 'binary-ascii', maxLength: 40 }))
  const lines = fc.array(line, { maxLength: 20 }).map(all => all.map(([type, value]) => `${type}=${value}`).join('\n'))
  fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary' }), lines), fc.boolean(), readsOrRefuses), { numRuns: 200 })
  t.end()
})

t.test('real descriptions with a piece cut, repeated, swapped or overwritten are read or refused', t => {
  const damage = fc.tuple(sample, fc.nat(), fc.nat(60), fc.string({ unit: 'binary-ascii', maxLength: 10 }), fc.nat(3))
  const damaged = damage.map(([text, where, length, garbage, kind]) => {
    const at = where % text.length
    const piece = text.slice(at, at + length)
    if (kind === 0) return text.slice(0, at) + text.slice(at + length)
    if (kind === 1) return text.slice(0, at) + piece + text.slice(at)
    if (kind === 2) return text.slice(0, at) + garbage + text.slice(at + length)
    const lines = text.split('\r\n')
    const line = where % lines.length
    const other = length % lines.length
    const held = lines[line]!
    lines[line] = lines[other]!
    lines[other] = held
    return lines.join('\r\n')
  })
  fc.assert(fc.property(damaged, fc.boolean(), readsOrRefuses), { numRuns: 200 })
  t.end()
})

t.test('what would be slow to a careless grammar is read in one go', t => {
  const head = 'v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\nt=0 0\n'
  const long = 600_000
  const hex = '00:'.repeat(long / 3)
  const cases = [
    `a=fingerprint:sha-256 ${hex}`,
    `a=fingerprint:sha-256 ${hex}0x`,
    `a=rid:1 send ${'max-width;'.repeat(long / 10)}`,
    `a=simulcast:send ${'1;'.repeat(long / 2)}~`,
    `a=simulcast:send ${'1,'.repeat(long / 2)}~`,
    `a=group:BUNDLE ${'0 '.repeat(long / 2)}`,
    `a=msid-semantic:${' '.repeat(long)}x`,
    `a=ice-options:${','.repeat(long)}`,
    `a=${'x'.repeat(long)}:1`,
    `a=fmtp:96 ${' '.repeat(long)}x${' '.repeat(long / 10)}`,
    `a=ptime:${'9'.repeat(long)}`,
    `a=ptime:${' '.repeat(long)}`,
    `a=sctp-port:${'0'.repeat(long)}`,
    `m=audio 9 RTP/AVP ${'96 '.repeat(long / 3)}`,
    `o=${' '.repeat(long)}`,
    '\n'.repeat(long),
    '\r'.repeat(long),
    'a=x\n'.repeat(60_000),
    'a=mid:0\n'.repeat(60_000),
    'm=audio 9 RTP/AVP 0\na=mid:0\n'.repeat(1000),
  ]
  for (const text of cases) readsOrRefuses(head + text, true)
  t.pass('all were')
  t.end()
})
