/**
 * Whether two hosts behind NATs can come to a direct path at all, when each asks a STUN server and then sends to every
 * address of the other that it has learnt: worked out from the terms of RFC 4787 alone, apart from lib/sim and lib/ice.
 */

import type { NatBehaviour } from '../../lib/sim/index.ts'

/** Undefined is a host without a NAT. */
export type Translation = { readonly mapping: NatBehaviour; readonly filtering: NatBehaviour } | undefined

const OPEN: NonNullable<Translation> = { mapping: 'endpoint-independent', filtering: 'endpoint-independent' }

/** What a mapping or filter sees of a remote port. */
const part = (behaviour: NatBehaviour, address: string, port: string): string => {
  if (behaviour === 'endpoint-independent') return ''
  return behaviour === 'address-dependent' ? address : `${address}:${port}`
}

class Side {
  /** By outside port (named by what it depends on) whom it lets in. */
  readonly #bindings = new Map<string, Set<string>>()
  /** Ports of the other side that it has learnt. */
  readonly known = new Set<string>()
  readonly address: string
  readonly #translation: NonNullable<Translation>

  constructor(address: string, translation: Translation) {
    this.address = address
    this.#translation = translation ?? OPEN
  }

  /** Sends, and tells from which outside port. */
  send(address: string, port: string): string {
    const { mapping, filtering } = this.#translation
    const outside = part(mapping, address, port)
    const permitted = this.#bindings.get(outside) ?? new Set<string>()
    permitted.add(part(filtering, address, port))
    this.#bindings.set(outside, permitted)
    return outside
  }

  takes(outside: string, address: string, port: string): boolean {
    return this.#bindings.get(outside)?.has(part(this.#translation.filtering, address, port)) ?? false
  }
}

/** Two mappings that each depend on the other's port never meet, and would go on for ever. */
const ROUNDS = 6

export const hasDirectPath = (one: Translation, other: Translation): boolean => {
  const a = new Side('a', one)
  const b = new Side('b', other)
  a.known.add(b.send('stun', '1'))
  b.known.add(a.send('stun', '1'))
  const arrived = new Set<string>()
  for (let round = 0; round < ROUNDS; round++) {
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      for (const port of [...from.known]) {
        const source = from.send(to.address, port)
        if (!to.takes(port, from.address, source)) continue
        arrived.add(`${from.address} ${source} ${port}`)
        to.known.add(source)
      }
    }
  }
  // An answer must come from where the question went to (RFC 8445, section 7.2.5.2.1).
  return [...arrived].some(text => {
    const [from, source, port] = text.split(' ')
    return from === 'a' && arrived.has(`b ${port} ${source}`)
  })
}
