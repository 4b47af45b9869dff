/** Ids that an application cannot foretell: a name hashed with a salt of the connection (webrtc-pc, 8.4). */

import { hex, utf8 } from '../../bytes/index.ts'
import type { CryptoProvider } from '../../crypto/index.ts'
import { type Random, randomBytes } from '../../machine/index.ts'

export class Ids {
  readonly #crypto: CryptoProvider
  readonly #salt: Uint8Array
  readonly #known = new Map<string, string>()
  /** Numbers for the objects that have no name of their own. */
  readonly #numbers = new WeakMap<object, number>()
  #next = 0

  constructor(crypto: CryptoProvider, random: Random) {
    this.#crypto = crypto
    this.#salt = randomBytes(random, 16)
  }

  /** @param prefix One or two letters for the reader: they tell the kind of object. */
  of(prefix: string, name: string): string {
    const key = `${prefix} ${name}`
    let id = this.#known.get(key)
    if (id === undefined) {
      id = prefix + hex(this.#crypto.hash('sha-256', this.#salt, utf8(key)).subarray(0, 9))
      this.#known.set(key, id)
    }
    return id
  }

  /** A name for an object that has none: the same as long as it lives. */
  number(object: object): string {
    let number = this.#numbers.get(object)
    if (number === undefined) {
      number = this.#next++
      this.#numbers.set(object, number)
    }
    return String(number)
  }
}
