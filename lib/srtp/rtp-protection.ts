/** The protection of each RTP stream under one session key. */

import type { CryptoProvider } from '../crypto/index.ts'
import { CounterModeProtection } from './counter-mode.ts'
import { GcmProtection } from './gcm.ts'
import type { SessionKeys } from './key-derivation.ts'
import type { ProfileParameters } from './profile.ts'
import type { Protection } from './protection.ts'

export const createRtpProtection = (
  crypto: CryptoProvider,
  keys: SessionKeys,
  { aead, rtpTagLength }: ProfileParameters,
): ((ssrc: number) => Protection) => {
  if (aead) return ssrc => new GcmProtection(crypto, keys.encryption, keys.salt, ssrc)
  const mac = crypto.createMac('sha-1', keys.authentication)
  return ssrc => new CounterModeProtection(crypto, keys, mac, rtpTagLength, ssrc)
}
