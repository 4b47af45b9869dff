/** Whose SRTP the bench compares, and which of it can be measured here. */

import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const PROFILES = [
  'SRTP_AES128_CM_HMAC_SHA1_80',
  'SRTP_AES128_CM_HMAC_SHA1_32',
  'SRTP_AEAD_AES_128_GCM',
  'SRTP_AEAD_AES_256_GCM',
] as const
export type Profile = (typeof PROFILES)[number]

/** What is measured: packets in a row, or (ours) such that each has to have its key stream made by itself. */
export const WAYS = ['purertc', 'purertc, unbatched', 'libsrtp', 'werift'] as const
export type Way = (typeof WAYS)[number]

export interface SrtpCase {
  readonly profile: Profile
  readonly way: Way
}

const SOURCE = 'bench/programs/libsrtp.c'
let program: string | undefined | false

/** The program that measures libsrtp, compiled when it is first asked for; undefined when it cannot be. */
export const libsrtpProgram = (): string | undefined => {
  if (program === undefined) {
    const path = join(mkdtempSync(join(tmpdir(), 'purertc-bench-')), 'libsrtp')
    const { status } = spawnSync('cc', ['-O2', '-o', path, SOURCE, '-lsrtp2'], { stdio: 'ignore' })
    program = status === 0 ? path : false
  }
  return program === false ? undefined : program
}

/** Why a case cannot be measured here; undefined when it can. */
export const unavailable = ({ profile, way }: SrtpCase): string | undefined => {
  if (way === 'libsrtp' && libsrtpProgram() === undefined) return 'there is no C compiler, or no libsrtp2-dev'
  if (way !== 'werift') return undefined
  if (!existsSync('node_modules/werift')) return 'werift is not installed'
  return /_32$|256/.test(profile) ? 'werift does not have this profile' : undefined
}
