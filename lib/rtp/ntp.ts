/** NTP time as RTCP has it (RFC 3550, 4): seconds since 1900 in 32 bits, their fraction in 32; and the middle of both. */

/** Seconds from 1900 to 1970 (RFC 5905, 6). */
const ERA = 2_208_988_800
const FRACTION = 0x1_0000_0000

export interface NtpTime {
  /** Modulo 2^32. */
  readonly seconds: number
  readonly fraction: number
}

/** @param since1970 Milliseconds. */
export const ntpOf = (since1970: number): NtpTime => {
  const seconds = Math.floor(since1970 / 1000)
  const fraction = Math.floor(((since1970 - seconds * 1000) / 1000) * FRACTION)
  return { seconds: (seconds + ERA) >>> 0, fraction: Math.min(fraction, FRACTION - 1) >>> 0 }
}

/** Milliseconds since 1970, for times from 1970 to 2106. */
export const millisecondsOf = ({ seconds, fraction }: NtpTime): number =>
  ((seconds - ERA) >>> 0) * 1000 + (fraction / FRACTION) * 1000

/** The middle 32 bits: units of 1/65536 of a second. */
export const middleOf = ({ seconds, fraction }: NtpTime): number => ((seconds << 16) | (fraction >>> 16)) >>> 0

/** Units of 1/65536 of a second in milliseconds, as delays between reports are told. */
export const shortUnits = (milliseconds: number): number =>
  Math.min(0xffff_ffff, Math.max(0, Math.round((milliseconds * 65_536) / 1000)))

export const fromShortUnits = (units: number): number => (units * 1000) / 65_536
