/** The canonical name of an RTP endpoint that says nothing of who it is (RFC 7022, 4.2 and 5): 96 random bits. */

import { base64 } from '../bytes/index.ts'
import { type Random, randomBytes } from '../machine/index.ts'

export const createCname = (random: Random): string => base64(randomBytes(random, 12))
