/** A pair in virtual time whose signalling does not mind that a candidate comes too early or to a closed connection. */

import { createPair, type PairOptions } from '../sim/pair.ts'

export const createCarelessPair = (options: PairOptions) => {
  const pair = createPair(options)
  const { a, b } = pair
  a.onicecandidate = ({ candidate }) => void b.addIceCandidate(candidate).catch(() => {})
  b.onicecandidate = ({ candidate }) => void a.addIceCandidate(candidate).catch(() => {})
  return { ...pair, negotiateAnyhow: () => void pair.negotiate().catch(() => {}) }
}
