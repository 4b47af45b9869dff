/** Werift's: it takes a header object and a payload, and gives fresh buffers. */

import { keyLength, RtpHeader, SrtpSession, saltLength } from 'werift'
import type { Profile } from './cases.ts'
import { BATCH, HEADER, LENGTH, type Protector, payloadByte, SSRC } from './protector.ts'

export const createWerift = (profile: Profile): Protector => {
  const number = profile === 'SRTP_AEAD_AES_128_GCM' ? 7 : 1
  const key = Buffer.alloc(keyLength(number), 7)
  const salt = Buffer.alloc(saltLength(number), 7)
  const session = new SrtpSession({
    keys: { localMasterKey: key, localMasterSalt: salt, remoteMasterKey: key, remoteMasterSalt: salt },
    profile: number,
  })
  const payloads = Array.from({ length: BATCH }, () =>
    Buffer.from(Uint8Array.from({ length: LENGTH - HEADER }, (_, i) => payloadByte(i + HEADER))),
  )
  const headers = payloads.map(() => new RtpHeader({ version: 2, payloadType: 96, ssrc: SSRC }))
  const sealed: Buffer[] = []
  let sequenceNumber = 0
  return {
    prepare() {
      for (const header of headers) header.sequenceNumber = ++sequenceNumber & 0xffff
    },
    protect() {
      for (let i = 0; i < BATCH; i++) sealed[i] = session.encrypt(payloads[i]!, headers[i]!)
    },
    turn() {},
    unprotect() {
      let wrong = 0
      for (const buffer of sealed) {
        const opened = session.decrypt(buffer)
        if (opened.length !== LENGTH || opened[LENGTH - 1] !== payloadByte(LENGTH - 1)) wrong++
      }
      return wrong
    },
  }
}
