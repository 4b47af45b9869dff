/** How a picture is to be turned to be shown (3GPP TS 26.114, 7.4.5: coordination of video orientation), with one byte. */

import type { ExtensionWriter } from '../packet-writer.ts'

export const VIDEO_ORIENTATION_URI = 'urn:3gpp:video-orientation'

export type Rotation = 0 | 90 | 180 | 270

export interface VideoOrientation {
  /** Degrees clockwise that a viewer is to turn it. */
  readonly rotation: Rotation
  /** Whether it is to be mirrored, left and right. */
  readonly flipped: boolean
  /** The camera: whether it looks away from its user. */
  readonly backFacing: boolean
}

const ROTATIONS: readonly Rotation[] = [0, 90, 180, 270]
const CAMERA = 8
const FLIP = 4

/** All there are: reading allocates nothing. */
const ORIENTATIONS: readonly VideoOrientation[] = Array.from({ length: 16 }, (_, bits) => ({
  rotation: ROTATIONS[bits & 3]!,
  flipped: (bits & FLIP) !== 0,
  backFacing: (bits & CAMERA) !== 0,
}))

/** Undefined where the element is empty. The four high bits say nothing. */
export const readVideoOrientation = (bytes: Uint8Array, start: number, end: number): VideoOrientation | undefined =>
  end > start ? ORIENTATIONS[bytes[start]! & 0x0f] : undefined

export const putVideoOrientation = (
  writer: ExtensionWriter,
  id: number,
  { rotation, flipped, backFacing }: VideoOrientation,
): boolean => {
  const at = writer.reserve(id, 1)
  if (at < 0) return false
  writer.bytes[at] = (backFacing ? CAMERA : 0) | (flipped ? FLIP : 0) | ((rotation / 90) & 3)
  return true
}
