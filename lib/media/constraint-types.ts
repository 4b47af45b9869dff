/** The dictionaries of constrainable properties (mediacapture-main, 4.3.8 and 11.2), as an application writes them. */

export interface ULongRange {
  max?: number
  min?: number
}

export interface DoubleRange {
  max?: number
  min?: number
}

export interface ConstrainULongRange extends ULongRange {
  exact?: number
  ideal?: number
}

export interface ConstrainDoubleRange extends DoubleRange {
  exact?: number
  ideal?: number
}

export interface ConstrainBooleanParameters {
  exact?: boolean
  ideal?: boolean
}

export interface ConstrainDOMStringParameters {
  exact?: string | string[]
  ideal?: string | string[]
}

export interface ConstrainBooleanOrDOMStringParameters {
  exact?: boolean | string
  ideal?: boolean | string
}

export type ConstrainULong = number | ConstrainULongRange
export type ConstrainDouble = number | ConstrainDoubleRange
export type ConstrainBoolean = boolean | ConstrainBooleanParameters
export type ConstrainDOMString = string | string[] | ConstrainDOMStringParameters
export type ConstrainBooleanOrDOMString = boolean | string | ConstrainBooleanOrDOMStringParameters

export interface MediaTrackConstraintSet {
  aspectRatio?: ConstrainDouble
  autoGainControl?: ConstrainBoolean
  backgroundBlur?: ConstrainBoolean
  channelCount?: ConstrainULong
  deviceId?: ConstrainDOMString
  displaySurface?: ConstrainDOMString
  echoCancellation?: ConstrainBooleanOrDOMString
  facingMode?: ConstrainDOMString
  frameRate?: ConstrainDouble
  groupId?: ConstrainDOMString
  height?: ConstrainULong
  latency?: ConstrainDouble
  noiseSuppression?: ConstrainBoolean
  resizeMode?: ConstrainDOMString
  sampleRate?: ConstrainULong
  sampleSize?: ConstrainULong
  width?: ConstrainULong
}

export interface MediaTrackConstraints extends MediaTrackConstraintSet {
  advanced?: MediaTrackConstraintSet[]
}

export interface MediaTrackSettings {
  aspectRatio?: number
  autoGainControl?: boolean
  backgroundBlur?: boolean
  channelCount?: number
  deviceId?: string
  displaySurface?: string
  echoCancellation?: boolean | string
  facingMode?: string
  /** Frames a second. */
  frameRate?: number
  groupId?: string
  /** Pixels. */
  height?: number
  /** Seconds. */
  latency?: number
  noiseSuppression?: boolean
  resizeMode?: string
  /** Hertz. */
  sampleRate?: number
  /** Bits. */
  sampleSize?: number
  /** Pixels. */
  width?: number
}

export interface MediaTrackCapabilities {
  aspectRatio?: DoubleRange
  autoGainControl?: boolean[]
  backgroundBlur?: boolean[]
  channelCount?: ULongRange
  deviceId?: string
  displaySurface?: string
  echoCancellation?: (boolean | string)[]
  facingMode?: string[]
  frameRate?: DoubleRange
  groupId?: string
  height?: ULongRange
  latency?: DoubleRange
  noiseSuppression?: boolean[]
  resizeMode?: string[]
  sampleRate?: ULongRange
  sampleSize?: ULongRange
  width?: ULongRange
}
