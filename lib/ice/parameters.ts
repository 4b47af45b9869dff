/** The credentials of one side of an ICE session (RFC 8445, 5.3; RFC 8839, 5.4). */

import { type Random, randomBytes } from '../machine/index.ts'

export interface IceParameters {
  /** 4 to 256 ice-chars. */
  readonly usernameFragment: string
  /** 22 to 256 ice-chars. */
  readonly password: string
  /** Whether this side is a lite implementation (RFC 8445, 2.5). */
  readonly iceLite?: boolean
  /** Whether this side's ice-options name `renomination` (draft-thatcher-ice-renomination). */
  readonly renomination?: boolean
}

/** The 64 ice-chars: each carries six random bits. */
const ICE_CHARS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

const iceChars = (random: Random, length: number): string => {
  let text = ''
  for (const byte of randomBytes(random, length)) text += ICE_CHARS[byte & 63]
  return text
}

/** Fresh credentials: 48 bits of user-name fragment and 144 of password, where 24 and 128 are asked for. */
export const createIceParameters = (random: Random): IceParameters => ({
  usernameFragment: iceChars(random, 8),
  password: iceChars(random, 24),
})

/** Whether credentials follow the grammar of RFC 8839, 5.4. */
export const areValidParameters = ({ usernameFragment, password }: IceParameters): boolean =>
  /^[A-Za-z0-9+/]{4,256}$/.test(usernameFragment) && /^[A-Za-z0-9+/]{22,256}$/.test(password)

export const areSameParameters = (a: IceParameters, b: IceParameters): boolean =>
  a.usernameFragment === b.usernameFragment && a.password === b.password
