/**
 * The two times of certificates, UTCTime and GeneralizedTime (RFC 5280, 4.1.2.5), as milliseconds since 1970 UTC.
 *
 * The calendar is counted here: `Date` is a clock, which no protocol room may touch.
 */

import { utf8 } from '../bytes/index.ts'
import { der, GENERALIZED_TIME, UTC_TIME } from './der.ts'

const DAY = 86_400_000
/** Days of 400 years of the Gregorian calendar. */
const CYCLE = 146_097
/** Days from 0000-03-01 to 1970-01-01. */
const EPOCH = 719_468

/** Days since 1970 of a Gregorian date. Years are counted from March, so that the leap day is the last of its year. */
const daysOf = (year: number, month: number, day: number): number => {
  const y = month <= 2 ? year - 1 : year
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1
  return 365 * y + Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400) + dayOfYear - EPOCH
}

interface CalendarDate {
  readonly year: number
  readonly month: number
  readonly day: number
}

const dateOf = (days: number): CalendarDate => {
  const shifted = days + EPOCH
  const cycle = Math.floor(shifted / CYCLE)
  const inCycle = shifted - cycle * CYCLE
  // Leap days up to there are taken out, so that what is left divides by 365.
  const years = inCycle - Math.floor(inCycle / 1460) + Math.floor(inCycle / 36_524) - Math.floor(inCycle / 146_096)
  const yearOfCycle = Math.floor(years / 365)
  const dayOfYear = inCycle - (365 * yearOfCycle + Math.floor(yearOfCycle / 4) - Math.floor(yearOfCycle / 100))
  const fromMarch = Math.floor((5 * dayOfYear + 2) / 153)
  const day = dayOfYear - Math.floor((153 * fromMarch + 2) / 5) + 1
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9
  return { year: 400 * cycle + yearOfCycle + (month <= 2 ? 1 : 0), month, day }
}

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39

/** The content of a time of a certificate with this tag; undefined when it is not of the one form that is allowed, ending in seconds and `Z`. */
export const parseTime = (tag: number, content: Uint8Array): number | undefined => {
  const yearDigits = tag === UTC_TIME ? 2 : tag === GENERALIZED_TIME ? 4 : 0
  if (yearDigits === 0 || content.length !== yearDigits + 11 || content.at(-1) !== 0x5a) return undefined
  if (!content.subarray(0, -1).every(isDigit)) return undefined
  const number = (at: number, length: number): number => {
    let value = 0
    for (let i = at; i < at + length; i++) value = value * 10 + content[i]! - 0x30
    return value
  }
  let year = number(0, yearDigits)
  if (yearDigits === 2) year += year >= 50 ? 1900 : 2000
  const [month, day] = [number(yearDigits, 2), number(yearDigits + 2, 2)]
  const [hour, minute, second] = [number(yearDigits + 4, 2), number(yearDigits + 6, 2), number(yearDigits + 8, 2)]
  if (month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59) return undefined
  const days = daysOf(year, month, day)
  // A day that the month does not have is one of another month.
  if (dateOf(days).month !== month) return undefined
  return days * DAY + ((hour * 60 + minute) * 60 + second) * 1000
}

/**
 * A time as a certificate has it, whole seconds: UTCTime through 2049, GeneralizedTime from 2050 on.
 * @param time Milliseconds since 1970 UTC, in the years 1950 to 9999; a RangeError otherwise.
 */
export const encodeTime = (time: number): Uint8Array => {
  const days = Math.floor(time / DAY)
  const { year, month, day } = dateOf(days)
  if (!(year >= 1950 && year <= 9999)) throw new RangeError('a certificate can name times of the years 1950 to 9999')
  const seconds = Math.floor((time - days * DAY) / 1000)
  const two = (value: number): string => String(value % 100).padStart(2, '0')
  const clock = two(Math.floor(seconds / 3600)) + two(Math.floor(seconds / 60) % 60) + two(seconds % 60)
  const digits = `${two(year)}${two(month)}${two(day)}${clock}Z`
  return year < 2050 ? der(UTC_TIME, utf8(digits)) : der(GENERALIZED_TIME, utf8(two(Math.floor(year / 100)) + digits))
}
