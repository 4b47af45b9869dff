/**
 * Conversion of constraints (mediacapture-main, 4.3.8): what an application passes to `applyConstraints`, as Web IDL has its
 * dictionaries. Members that are not known are not read, and so constrain nothing.
 */

import {
  boolean,
  type Conversion,
  clampedUnsignedLong,
  DOMString,
  dictionary,
  double,
  optional,
  sequence,
} from '../idl/index.ts'
import type {
  ConstrainBoolean,
  ConstrainBooleanOrDOMString,
  ConstrainDOMString,
  ConstrainDouble,
  ConstrainULong,
  MediaTrackConstraintSet,
  MediaTrackConstraints,
} from './constraint-types.ts'

const isObject = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null) || typeof value === 'function'

/** `(T or Dictionary)`: null and undefined are an empty dictionary, and so is any object one. */
const valueOr =
  <T, D extends object>(bare: Conversion<T>, parameters: Conversion<D>): Conversion<T | D> =>
  (value, context) =>
    value === null || value === undefined || isObject(value) ? parameters(value, context) : bare(value, context)

const number = optional(clampedUnsignedLong)
const ULongRange = dictionary('ULongRange', { max: number, min: number })
const constrainULong: Conversion<ConstrainULong> = valueOr(
  clampedUnsignedLong,
  dictionary('ConstrainULongRange', { exact: number, ideal: number }, ULongRange),
)

const real = optional(double)
const DoubleRange = dictionary('DoubleRange', { max: real, min: real })
const constrainDouble: Conversion<ConstrainDouble> = valueOr(
  double,
  dictionary('ConstrainDoubleRange', { exact: real, ideal: real }, DoubleRange),
)

const flag = optional(boolean)
const constrainBoolean: Conversion<ConstrainBoolean> = valueOr(
  boolean,
  dictionary('ConstrainBooleanParameters', { exact: flag, ideal: flag }),
)

const booleanOrText: Conversion<boolean | string> = (value, context) =>
  typeof value === 'boolean' ? value : DOMString(value, context)
const flagOrText = optional(booleanOrText)
const constrainBooleanOrDOMString: Conversion<ConstrainBooleanOrDOMString> = valueOr(
  booleanOrText,
  dictionary('ConstrainBooleanOrDOMStringParameters', { exact: flagOrText, ideal: flagOrText }),
)

const texts = sequence(DOMString)
const hasIterator = (value: unknown): boolean =>
  isObject(value) && (value as Partial<Iterable<unknown>>)[Symbol.iterator] != null
const textOrTexts: Conversion<string | string[]> = (value, context) =>
  hasIterator(value) ? texts(value, context) : DOMString(value, context)
const textParameters = dictionary('ConstrainDOMStringParameters', {
  exact: optional(textOrTexts),
  ideal: optional(textOrTexts),
})
const constrainDOMString: Conversion<ConstrainDOMString> = (value, context) => {
  if (hasIterator(value)) return texts(value, context)
  return value === null || isObject(value) ? textParameters(value, context) : DOMString(value, context)
}

const constraintSet: Conversion<MediaTrackConstraintSet> = dictionary('MediaTrackConstraintSet', {
  aspectRatio: optional(constrainDouble),
  autoGainControl: optional(constrainBoolean),
  backgroundBlur: optional(constrainBoolean),
  channelCount: optional(constrainULong),
  deviceId: optional(constrainDOMString),
  displaySurface: optional(constrainDOMString),
  echoCancellation: optional(constrainBooleanOrDOMString),
  facingMode: optional(constrainDOMString),
  frameRate: optional(constrainDouble),
  groupId: optional(constrainDOMString),
  height: optional(constrainULong),
  latency: optional(constrainDouble),
  noiseSuppression: optional(constrainBoolean),
  resizeMode: optional(constrainDOMString),
  sampleRate: optional(constrainULong),
  sampleSize: optional(constrainULong),
  width: optional(constrainULong),
})

/** @throws TypeError as Web IDL has it. */
export const MediaTrackConstraintsDictionary: Conversion<MediaTrackConstraints> = dictionary(
  'MediaTrackConstraints',
  { advanced: optional(sequence(constraintSet)) },
  constraintSet,
)

/** The properties that each kind of track can have. */
export const APPLICABLE = {
  audio: [
    'autoGainControl',
    'channelCount',
    'deviceId',
    'echoCancellation',
    'groupId',
    'latency',
    'noiseSuppression',
    'sampleRate',
    'sampleSize',
  ],
  video: [
    'aspectRatio',
    'backgroundBlur',
    'deviceId',
    'displaySurface',
    'facingMode',
    'frameRate',
    'groupId',
    'height',
    'resizeMode',
    'width',
  ],
} as const satisfies Record<string, readonly (keyof MediaTrackConstraintSet)[]>

/** A copy of its own: dictionaries go to and fro by value. */
export const copyConstraints = (constraints: MediaTrackConstraints): MediaTrackConstraints =>
  structuredClone(constraints)
