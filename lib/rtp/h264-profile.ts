/**
 * `profile-level-id` of H264 (RFC 6184, 8.1): three bytes of a sequence parameter set, which say a profile, constraints on
 * it, and a level. Table 5 of RFC 6184 says which combinations are the same profile.
 */

/** Of RFC 6184's table 5, and of H.264 (2012) Annex A: constrained and progressive high. */
export type H264Profile =
  | 'constrained-baseline'
  | 'baseline'
  | 'main'
  | 'extended'
  | 'progressive-high'
  | 'constrained-high'
  | 'high'
  | 'high-10'
  | 'high-4:2:2'
  | 'high-4:4:4'
  | 'high-10-intra'
  | 'high-4:2:2-intra'
  | 'high-4:4:4-intra'
  | 'cavlc-4:4:4-intra'

export interface H264ProfileLevel {
  readonly profile: H264Profile
  /** profile_idc and the constraint bits, as they were given. */
  readonly profileIdc: number
  readonly constraints: number
  /** Ten times the level, as `31` for 3.1. Level 1b is 10.5: above 1, below 1.1. */
  readonly level: number
}

const LEVEL_1B = 10.5
/** constraint_set3_flag: with level_idc 11 it means level 1b in the profiles that know no level_idc 9. */
const CONSTRAINT_3 = 0x10

/** profile_idc, the bits of the constraints that are looked at, what they must be, and the profile: the first that fits. */
const TABLE: readonly (readonly [number, number, number, H264Profile])[] = [
  [0x42, 0b0100_1111, 0b0100_0000, 'constrained-baseline'],
  [0x4d, 0b1000_1111, 0b1000_0000, 'constrained-baseline'],
  [0x58, 0b1100_1111, 0b1100_0000, 'constrained-baseline'],
  [0x42, 0b0100_1111, 0b0000_0000, 'baseline'],
  [0x58, 0b1100_1111, 0b1000_0000, 'baseline'],
  [0x4d, 0b1010_1111, 0b0000_0000, 'main'],
  [0x58, 0b1100_1111, 0b0000_0000, 'extended'],
  [0x64, 0b1111_1111, 0b0000_0000, 'high'],
  [0x64, 0b1111_1111, 0b0000_1000, 'progressive-high'],
  [0x64, 0b1111_1111, 0b0000_1100, 'constrained-high'],
  [0x6e, 0b1111_1111, 0b0000_0000, 'high-10'],
  [0x7a, 0b1111_1111, 0b0000_0000, 'high-4:2:2'],
  [0xf4, 0b1111_1111, 0b0000_0000, 'high-4:4:4'],
  [0x6e, 0b1111_1111, 0b0001_0000, 'high-10-intra'],
  [0x7a, 0b1111_1111, 0b0001_0000, 'high-4:2:2-intra'],
  [0xf4, 0b1111_1111, 0b0001_0000, 'high-4:4:4-intra'],
  [0x2c, 0b1111_1111, 0b0001_0000, 'cavlc-4:4:4-intra'],
]

/** Baseline, Main and Extended: their level 1b is level_idc 11 with constraint_set3_flag (H.264, A.3.1). */
const writes1bByConstraint = (profileIdc: number): boolean =>
  profileIdc === 0x42 || profileIdc === 0x4d || profileIdc === 0x58

/** Baseline at level 1 is what a codec without the parameter is (RFC 6184, 8.1). */
export const ABSENT_PROFILE_LEVEL_ID = '42000a'

/** Reads six hexadecimal digits; undefined where they are none, or name no profile of the table. */
export const readProfileLevelId = (text: string): H264ProfileLevel | undefined => {
  if (!/^[0-9a-f]{6}$/i.test(text)) return undefined
  const profileIdc = Number.parseInt(text.slice(0, 2), 16)
  const constraints = Number.parseInt(text.slice(2, 4), 16)
  const levelIdc = Number.parseInt(text.slice(4), 16)
  const is1b =
    levelIdc === 9 || (levelIdc === 11 && (constraints & CONSTRAINT_3) !== 0 && writes1bByConstraint(profileIdc))
  for (const [idc, mask, value, profile] of TABLE) {
    if (idc === profileIdc && (constraints & mask) === value) {
      return { profile, profileIdc, constraints, level: is1b ? LEVEL_1B : levelIdc }
    }
  }
  return undefined
}

const hexByte = (value: number): string => value.toString(16).padStart(2, '0')

/** `profile-level-id` of a profile, at a level that may be another than its own. */
export const writeProfileLevelId = ({ profileIdc, constraints }: H264ProfileLevel, level: number): string => {
  if (!writes1bByConstraint(profileIdc)) {
    return hexByte(profileIdc) + hexByte(constraints) + hexByte(level === LEVEL_1B ? 9 : level)
  }
  // constraint_set3_flag says nothing else in these profiles.
  const bits = level === LEVEL_1B ? constraints | CONSTRAINT_3 : constraints & ~CONSTRAINT_3
  return hexByte(profileIdc) + hexByte(bits) + hexByte(level === LEVEL_1B ? 11 : level)
}
