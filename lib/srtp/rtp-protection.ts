/** The protection of each RTP stream under one session key. */

import { type CryptoProvider, HmacSha1 } from '../crypto/index.ts'
import { CounterModeProtection } from './counter-mode.ts'
import { GcmProtection, gcmName } from './gcm.ts'
import type { SessionKeys } from './key-derivation.ts'
import type { ProfileParameters } from './profile.ts'
import type { Protection } from './protection.ts'

export const createRtpProtection = (
  crypto: CryptoProvider,
  { encryption, authentication, salt }: SessionKeys,
  { aead, rtpTagLength }: ProfileParameters,
): ((ssrc: number) => Protection) => {
  if (aead) {
    const common = crypto.createAead(gcmName(encryption), encryption)
    return ssrc => new GcmProtection(crypto, encryption, salt, common, ssrc)
  }
  const cipher = crypto.createBlockCipher(encryption)
  const mac = new HmacSha1(authentication)
  return ssrc => new CounterModeProtection(cipher, salt, mac, rtpTagLength, ssrc)
}
