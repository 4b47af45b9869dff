/**
 * Which settings satisfy constraints best (mediacapture-main, 11.3: fitness distance, and the SelectSettings algorithm).
 *
 * The settings that a source can have are the product of what each property can be: a range of numbers, or a list of values.
 * So the distance, which is a sum over properties, is smallest where each of its terms is, and no settings dictionary has to
 * be tried by itself. Only the aspect ratio, which follows from width and height, ties these two together.
 */

import type { MediaKind } from '../rtp/index.ts'
import type {
  MediaTrackCapabilities,
  MediaTrackConstraintSet,
  MediaTrackConstraints,
  MediaTrackSettings,
} from './constraint-types.ts'
import { APPLICABLE } from './constraints.ts'

type Name = keyof MediaTrackConstraintSet
type Value = number | string | boolean

interface Range {
  readonly min: number
  readonly max: number
}

/** What a property can be. */
type Choice = Range | readonly Value[]
type Space = Map<Name, Choice>

/** One constraint, its bare value and sequences resolved. */
interface Constraint {
  readonly exact?: readonly Value[]
  readonly ideal?: readonly Value[]
  readonly min?: number
  readonly max?: number
}

export type Selection = { readonly settings: MediaTrackSettings } | { readonly failed: string }

/** The properties that are whole numbers. */
const WHOLE: ReadonlySet<Name> = new Set<Name>(['channelCount', 'height', 'sampleRate', 'sampleSize', 'width'])

const isList = (choice: Choice): choice is readonly Value[] => Array.isArray(choice)

const listOf = (value: unknown): readonly Value[] | undefined => {
  // An empty list is as if it were not there.
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return undefined
  return (Array.isArray(value) ? value : [value]) as readonly Value[]
}

/** @param isAdvanced A bare value is exact in an advanced set, and ideal in the basic one. */
const read = (given: unknown, isAdvanced: boolean): Constraint => {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    const bare = listOf(given)
    if (bare === undefined) return {}
    return isAdvanced ? { exact: bare } : { ideal: bare }
  }
  const { exact, ideal, min, max } = given as { exact?: unknown; ideal?: unknown; min?: number; max?: number }
  const exactly = listOf(exact)
  const ideally = listOf(ideal)
  return {
    ...(exactly && { exact: exactly }),
    ...(ideally && { ideal: ideally }),
    ...(min !== undefined && { min }),
    ...(max !== undefined && { max }),
  }
}

const idealOf = (constraints: MediaTrackConstraints, name: Name): readonly Value[] | undefined =>
  constraints[name] === undefined ? undefined : read(constraints[name], false).ideal

const isRequired = ({ exact, min, max }: Constraint): boolean =>
  exact !== undefined || min !== undefined || max !== undefined

/** What of a choice a required constraint leaves; undefined for nothing: its distance is infinite there. */
const narrow = (choice: Choice | undefined, constraint: Constraint, name: Name): Choice | undefined => {
  const { exact, min, max } = constraint
  if (!isRequired(constraint)) return choice
  if (choice === undefined) return undefined
  if (isList(choice)) {
    const left = choice.filter(
      value =>
        (exact === undefined || exact.includes(value)) &&
        (typeof value !== 'number' || ((min === undefined || value >= min) && (max === undefined || value <= max))),
    )
    return left.length > 0 ? left : undefined
  }
  let lower = Math.max(choice.min, min ?? Number.NEGATIVE_INFINITY)
  let upper = Math.min(choice.max, max ?? Number.POSITIVE_INFINITY)
  if (WHOLE.has(name)) {
    lower = Math.ceil(lower)
    upper = Math.floor(upper)
  }
  if (exact !== undefined) {
    const left = exact.filter(value => typeof value === 'number' && value >= lower && value <= upper)
    return left.length > 0 ? left : undefined
  }
  return lower <= upper ? { min: lower, max: upper } : undefined
}

/** The fitness distance of one value from those that are ideal. */
const distance = (actual: Value, ideal: readonly Value[]): number => {
  let least = 1
  for (const value of ideal) {
    if (actual === value) return 0
    if (typeof actual === 'number' && typeof value === 'number') {
      least = Math.min(least, Math.abs(actual - value) / Math.max(Math.abs(actual), Math.abs(value)))
    }
  }
  return least
}

/** The value of a choice that is nearest to the ideal; without one, to the default. */
const nearest = (choice: Choice, ideal: readonly Value[] | undefined, usual: Value | undefined): Value => {
  const wanted = ideal ?? (usual === undefined ? undefined : [usual])
  if (!isList(choice)) {
    const target = wanted?.find(value => typeof value === 'number') ?? choice.max
    return Math.min(Math.max(Number(target), choice.min), choice.max)
  }
  let best = choice[0]!
  if (wanted === undefined) return best
  for (const value of choice) if (distance(value, wanted) < distance(best, wanted)) best = value
  return best
}

const spaceOf = (kind: MediaKind, capabilities: MediaTrackCapabilities, present: MediaTrackSettings): Space => {
  const space: Space = new Map()
  for (const name of APPLICABLE[kind]) {
    const able: unknown = capabilities[name]
    const now = present[name]
    if (Array.isArray(able)) space.set(name, able as readonly Value[])
    else if (typeof able === 'string' || typeof able === 'boolean') space.set(name, [able])
    else if (typeof able === 'object' && able !== null) {
      const { min = Number(now ?? 0), max = Number(now ?? min) } = able as { min?: number; max?: number }
      space.set(name, { min, max })
    } else if (now !== undefined) space.set(name, [now])
  }
  // Unless the source has one of its own, it is whatever width and height allow.
  const ratio = ratioOf(space)
  if (capabilities.aspectRatio === undefined && ratio !== undefined) space.set('aspectRatio', ratio)
  return space
}

const rangeOf = (choice: Choice | undefined): Range | undefined =>
  choice === undefined || !isList(choice)
    ? choice
    : typeof choice[0] === 'number'
      ? { min: choice[0], max: choice[0] }
      : undefined

/** The aspect ratios that the widths and heights of a space can have. */
const ratioOf = (space: Space): Range | undefined => {
  const width = rangeOf(space.get('width'))
  const height = rangeOf(space.get('height'))
  if (width === undefined || height === undefined || !(height.min > 0) || !(width.min > 0)) return undefined
  return { min: width.min / height.max, max: width.max / height.min }
}

/** Whether some width and height have an aspect ratio that is still allowed. */
const hasRatio = (space: Space): boolean => {
  const able = ratioOf(space)
  const wanted = rangeOf(space.get('aspectRatio'))
  return able === undefined || wanted === undefined || (wanted.min <= able.max && wanted.max >= able.min)
}

/**
 * Narrows all or nothing; the name of the first constraint that nothing satisfies. What a kind of track does not have, no
 * setting of it satisfies; where it is not required, it constrains nothing.
 */
const restrict = (space: Space, set: MediaTrackConstraintSet, isAdvanced: boolean): string | undefined => {
  const narrowed: [Name, Choice][] = []
  for (const [key, given] of Object.entries(set)) {
    if (key === 'advanced' || given === undefined) continue
    const name = key as Name
    const constraint = read(given, isAdvanced)
    const left = narrow(space.get(name), constraint, name)
    if (left !== undefined) narrowed.push([name, left])
    else if (isRequired(constraint)) return name
  }
  const before = new Map(space)
  for (const [name, left] of narrowed) space.set(name, left)
  if (hasRatio(space)) return undefined
  for (const [name, choice] of before) space.set(name, choice)
  return 'aspectRatio'
}

/** Brings width and height to an aspect ratio that is allowed, and to the ideal one where the height has no ideal. */
const fitRatio = (space: Space, constraints: MediaTrackConstraints, chosen: Map<Name, Value>): void => {
  const width = rangeOf(space.get('width'))
  const height = rangeOf(space.get('height'))
  const ratio = rangeOf(space.get('aspectRatio'))
  if (width === undefined || height === undefined || ratio === undefined) return
  const clamp = (value: number, { min, max }: Range) => Math.min(Math.max(value, min), max)
  const across = clamp(Number(chosen.get('width')), {
    min: Math.max(width.min, height.min * ratio.min),
    max: Math.min(width.max, height.max * ratio.max),
  })
  const ideal = idealOf(constraints, 'aspectRatio')
  const target =
    ideal !== undefined && idealOf(constraints, 'height') === undefined
      ? across / Number(ideal[0])
      : Number(chosen.get('height'))
  const down = clamp(clamp(target, { min: across / ratio.max, max: across / ratio.min }), height)
  chosen.set('width', across).set('height', down)
}

/**
 * Chooses settings.
 * @param capabilities What the source can be; a property that it leaves out is what it is at present.
 * @param others Constraints of other tracks of the source: what they require holds too.
 * @param defaults What is chosen where nothing is wanted; what is at present, unless given.
 * @returns The settings, or the name of a required constraint that cannot be satisfied.
 */
export const selectSettings = (
  kind: MediaKind,
  capabilities: MediaTrackCapabilities,
  present: MediaTrackSettings,
  constraints: MediaTrackConstraints,
  others: readonly MediaTrackConstraints[] = [],
  defaults: MediaTrackSettings = present,
): Selection => {
  const space = spaceOf(kind, capabilities, present)
  for (const other of others) restrict(space, other, false)
  const failed = restrict(space, constraints, false)
  if (failed !== undefined) return { failed }
  // A set that cannot be satisfied together with those before it is passed over.
  for (const set of constraints.advanced ?? []) restrict(space, set, true)
  const chosen = new Map<Name, Value>()
  for (const [name, choice] of space) {
    chosen.set(name, nearest(choice, idealOf(constraints, name), defaults[name] ?? present[name]))
  }
  if (capabilities.aspectRatio === undefined && ratioOf(space) !== undefined) {
    fitRatio(space, constraints, chosen)
    chosen.delete('aspectRatio')
  }
  for (const [name, value] of chosen) if (WHOLE.has(name)) chosen.set(name, Math.round(Number(value)))
  return { settings: Object.fromEntries(chosen) as MediaTrackSettings }
}
