/** Fingerprints in descriptions (RFC 8122, 5; RFC 9429, 5.2.1 and 5.8): several, at either level, in any case. */

import t from 'tap'
import { agreed, linesOf, Side, sample } from './side.ts'

const hex = (byte: string, length: number): string => Array(length).fill(byte).join(':')
const sha256 = { algorithm: 'sha-256', value: hex('0A', 32) }
const sha512 = { algorithm: 'sha-512', value: hex('0B', 64) }
const line = ({ algorithm, value }: { algorithm: string; value: string }): string =>
  `a=fingerprint:${algorithm} ${value}\r\n`

const data = sample('chromium-156/data-only.offer')
const LINE = /a=fingerprint:.*\r\n/
/** What an offer with these lines in its m-section, and at the session level, is understood to announce. */
const read = (own: string, session = '') => {
  const sdp = data.replace(LINE, own).replace('m=application', `${session}m=application`)
  return new Side('side').setRemote('offer', sdp).media[0]!.remote?.fingerprints
}

t.test('all of an m-section are read, or else all of the session level', t => {
  t.strictSame(read(line(sha256) + line(sha512)), [sha256, sha512])
  t.strictSame(read('', line(sha512) + line(sha256)), [sha512, sha256])
  t.strictSame(read(line(sha256), line(sha512)), [sha256], 'its own alone')
  t.strictSame(read(line(sha256).toLowerCase()), [sha256])
  t.strictSame(read(`a=fingerprint:SHA-256 ${sha256.value}\r\n`), [sha256])
  t.end()
})

t.test('hash functions that are unknown are read too: they announce nobody, but break nothing', t => {
  const sha3 = { algorithm: 'sha3-256', value: hex('0C', 32) }
  t.strictSame(read(line(sha3) + line(sha256)), [sha3, sha256])
  t.strictSame(read(line(sha3)), [sha3])
  t.end()
})

t.test('malformed ones are syntax errors with their line, none at all is an invalid description', t => {
  const number = data.split('\r\n').findIndex(text => text.startsWith('a=fingerprint')) + 1
  for (const text of [
    'sha-256',
    'sha-256 0A:0',
    'sha-256 0A0B',
    'sha-256 0G:0A',
    'sha-256 0A:0B:',
    ' 0A:0B',
    'sha-256 0A 0B',
  ]) {
    const sdp = data.replace(LINE, `a=fingerprint:${text}\r\n`)
    t.throws(() => new Side('side').setRemote('offer', sdp), { code: 'sdp-syntax-error', sdpLineNumber: number }, text)
  }
  t.throws(() => read(''), { code: 'InvalidAccessError' })
  t.end()
})

t.test('ours are written one a line, in their order, into offers and answers', t => {
  const offerer = new Side('offerer', { data: true, fingerprints: [sha512, sha256] })
  const answerer = new Side('answerer', { fingerprints: [sha256, sha512] })
  const offer = offerer.sendOffer()
  t.strictSame(
    linesOf(offer, 'a=fingerprint'),
    [sha512, sha256].map(each => line(each).trimEnd()),
  )
  const answer = answerer.sendAnswer(offer)
  t.strictSame(
    linesOf(answer, 'a=fingerprint'),
    [sha256, sha512].map(each => line(each).trimEnd()),
  )
  t.strictSame(offerer.setRemote('answer', answer).media[0]!.remote?.fingerprints, [sha256, sha512])
  t.end()
})

t.test('a standing association keeps its certificate: one fingerprint of before must be among those of after', t => {
  const [first, second] = agreed()
  const more = (sdp: string): string => sdp.replace(LINE, `${line(sha512)}$&`)
  t.doesNotThrow(() => second.setRemote('offer', more(first.sendOffer())))
  const [third, fourth] = agreed()
  const other = third.sendOffer().replace(LINE, line(sha512))
  t.throws(() => fourth.setRemote('offer', other), { code: 'OperationError' })
  t.end()
})
