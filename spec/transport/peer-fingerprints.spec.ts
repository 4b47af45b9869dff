/** RFC 8122, section 5: of the announced fingerprints those by the best hash function count. */

import t from 'tap'
import { preferredFingerprints, recordOverhead } from '../../lib/transport/index.ts'

const of = (...algorithms: string[]) => algorithms.map((algorithm, i) => ({ algorithm, value: `0${i}` }))

t.test('those of one hash function count, the best that is known', t => {
  const chosen = (...algorithms: string[]) => {
    const { hash, fingerprints } = preferredFingerprints(of(...algorithms))
    return [hash, ...fingerprints.map(({ value }) => value)]
  }
  t.strictSame(chosen('sha-256'), ['sha-256', '00'])
  t.strictSame(chosen('sha-256', 'sha-512', 'sha-384'), ['sha-512', '01'])
  t.strictSame(chosen('SHA-384', 'sha-256', 'sha-384'), ['sha-384', '00', '02'])
  t.strictSame(chosen('md5', 'sha-1', 'sha-256', 'sha-224', 'sha3-512'), ['sha-256', '02'])
  t.strictSame(chosen('sha-1', 'md5', 'whatever'), [undefined])
  t.strictSame(chosen(), [undefined])
  t.end()
})

t.test('the overhead of a record is that of the worst that may be agreed on', t => {
  t.equal(recordOverhead({}), 37)
  t.equal(recordOverhead({ versions: ['1.2', '1.3'] }), 37)
  t.equal(recordOverhead({ versions: ['1.3'] }), 22)
  const cbc = 'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA'
  t.equal(recordOverhead({ cipherSuites: ['TLS_AES_128_GCM_SHA256', cbc] }), 65)
  t.equal(recordOverhead({ versions: ['1.3'], cipherSuites: [cbc] }), 22)
  t.end()
})
