/** What stacks that encode by themselves send (programs/wrtc-media.js, programs/aiortc-media.py), and what of it is found again. */

/** A picture that was decoded: how bright its halves are, of 16 to 235. */
export interface Picture {
  readonly frames: number
  readonly width: number
  readonly height: number
  readonly left: number
  readonly right: number
}

/** Sound that was decoded. */
export interface Sound {
  readonly frames: number
  /** Periods a second. */
  readonly frequency: number
  /** Of 0 to 32,767. */
  readonly loudest: number
}

const isNear = (value: number, wanted: number, tolerance: number): boolean => Math.abs(value - wanted) <= tolerance

/** Dark and bright, side by side, as they were before the encoder. */
export const isPicture = ({ width, height, left, right }: Picture): boolean =>
  width > 0 && height > 0 && isNear(left, 60, 12) && isNear(right, 190, 12)

/** A tone of 440 Hz. */
export const isTone = ({ frequency, loudest }: Sound): boolean => isNear(frequency, 440, 15) && loudest > 2000
