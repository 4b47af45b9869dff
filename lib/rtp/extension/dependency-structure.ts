/**
 * The dependency structure of a coded video sequence (RTP Payload Format For AV1, A.8: `template_dependency_structure`): which
 * layers there are, what a decoder of each target needs, and templates that frames name instead of saying it themselves.
 */

import type { BitReader, BitWriter } from './bits.ts'

/** A.8, table A.2: what a frame is to a decode target. */
export const DecodeTargetIndication = { notPresent: 0, discardable: 1, switch: 2, required: 3 } as const

/** What a frame depends on, and who depends on it. */
export interface FrameDependencies {
  readonly spatialLayer: number
  readonly temporalLayer: number
  /** For each decode target, as `DecodeTargetIndication`. */
  readonly indications: readonly number[]
  /** Frame numbers back to each frame that it refers to: 1 to 16 in a template, to 4096 in a frame. */
  readonly frameDiffs: readonly number[]
  /** Frame numbers back to the last frame of each chain, 0 where it begins: to 15 in a template, to 255 in a frame. */
  readonly chainDiffs: readonly number[]
}

export interface DependencyStructure {
  /** The id of the first template, 0 to 63. */
  readonly templateIdOffset: number
  /** How many, 1 to 32. */
  readonly decodeTargets: number
  /** The chain that protects each decode target; empty without chains. */
  readonly protectedBy: readonly number[]
  /** How many, 0 to 32. */
  readonly chains: number
  /** Up to 64, by spatial layer, then temporal layer. */
  readonly templates: readonly FrameDependencies[]
  /** Pixels, for each spatial layer. */
  readonly resolutions?: readonly { readonly width: number; readonly height: number }[]
}

const MOST_TEMPLATES = 64
const HIGHEST_SPATIAL = 3
const HIGHEST_TEMPORAL = 7
const NextLayer = { same: 0, temporal: 1, spatial: 2, none: 3 } as const

export const sameNumbers = (one: readonly number[], other: readonly number[]): boolean =>
  one.length === other.length && one.every((value, index) => value === other[index])

/** The highest layers of each decode target (A.8: `decode_target_layers`). */
export const decodeTargetLayers = ({
  decodeTargets,
  templates,
}: DependencyStructure): { spatialLayer: number; temporalLayer: number }[] =>
  Array.from({ length: decodeTargets }, (_, target) => {
    const present = templates.filter(({ indications }) => indications[target] !== DecodeTargetIndication.notPresent)
    return {
      spatialLayer: Math.max(0, ...present.map(({ spatialLayer }) => spatialLayer)),
      temporalLayer: Math.max(0, ...present.map(({ temporalLayer }) => temporalLayer)),
    }
  })

/** Undefined where it is cut off or has layers that there cannot be. */
export const readDependencyStructure = (reader: BitReader): DependencyStructure | undefined => {
  const templateIdOffset = reader.bits(6)
  const decodeTargets = reader.bits(5) + 1
  const layers = readLayers(reader)
  if (layers === undefined) return undefined
  const indications = layers.map(() => Array.from({ length: decodeTargets }, () => reader.bits(2)))
  const frameDiffs = layers.map(() => {
    const diffs: number[] = []
    while (reader.flag()) diffs.push(reader.bits(4) + 1)
    return diffs
  })
  const chains = reader.below(decodeTargets + 1)
  const protectedBy = chains === 0 ? [] : Array.from({ length: decodeTargets }, () => reader.below(chains))
  const chainDiffs = layers.map(() => Array.from({ length: chains }, () => reader.bits(4)))
  const highest = layers[layers.length - 1]!.spatialLayer
  const resolutions = reader.flag()
    ? Array.from({ length: highest + 1 }, () => ({ width: reader.bits(16) + 1, height: reader.bits(16) + 1 }))
    : undefined
  if (reader.failed) return undefined
  const templates = layers.map((layer, index) => ({
    ...layer,
    indications: indications[index]!,
    frameDiffs: frameDiffs[index]!,
    chainDiffs: chainDiffs[index]!,
  }))
  return { templateIdOffset, decodeTargets, protectedBy, chains, templates, ...(resolutions && { resolutions }) }
}

const readLayers = (reader: BitReader): { spatialLayer: number; temporalLayer: number }[] | undefined => {
  const layers: { spatialLayer: number; temporalLayer: number }[] = []
  let spatialLayer = 0
  let temporalLayer = 0
  for (;;) {
    layers.push({ spatialLayer, temporalLayer })
    const next = reader.bits(2)
    if (reader.failed) return undefined
    if (next === NextLayer.none) return layers
    if (next === NextLayer.temporal) temporalLayer++
    else if (next === NextLayer.spatial) {
      spatialLayer++
      temporalLayer = 0
    }
    if (layers.length === MOST_TEMPLATES) return undefined
    if (spatialLayer > HIGHEST_SPATIAL || temporalLayer > HIGHEST_TEMPORAL) return undefined
  }
}

/** False where the structure is one that cannot be said; what was written then is of no use. */
export const writeDependencyStructure = (writer: BitWriter, structure: DependencyStructure): boolean => {
  const { templateIdOffset, decodeTargets, protectedBy, chains, templates, resolutions } = structure
  if (!isSayable(structure)) return false
  writer.bits(templateIdOffset, 6).bits(decodeTargets - 1, 5)
  for (let i = 1; i < templates.length; i++) {
    const step = stepBetween(templates[i - 1]!, templates[i]!)
    if (step === undefined) return false
    writer.bits(step, 2)
  }
  writer.bits(NextLayer.none, 2)
  for (const { indications } of templates) for (const indication of indications) writer.bits(indication, 2)
  for (const { frameDiffs } of templates) {
    for (const diff of frameDiffs) writer.flag(true).bits(diff - 1, 4)
    writer.flag(false)
  }
  writer.below(chains, decodeTargets + 1)
  if (chains > 0) for (const chain of protectedBy) writer.below(chain, chains)
  for (const { chainDiffs } of templates) for (const diff of chainDiffs) writer.bits(diff, 4)
  writer.flag(resolutions !== undefined)
  for (const { width, height } of resolutions ?? []) writer.bits(width - 1, 16).bits(height - 1, 16)
  return true
}

const isWithin = (value: number, least: number, most: number): boolean => value >= least && value <= most

const isSayable = (structure: DependencyStructure): boolean => {
  const { templateIdOffset, decodeTargets, protectedBy, chains, templates, resolutions } = structure
  const [first, last] = [templates[0], templates[templates.length - 1]]
  if (first === undefined || last === undefined || first.spatialLayer !== 0 || first.temporalLayer !== 0) return false
  return (
    isWithin(templateIdOffset, 0, 63) &&
    isWithin(decodeTargets, 1, 32) &&
    isWithin(chains, 0, decodeTargets) &&
    protectedBy.length === (chains === 0 ? 0 : decodeTargets) &&
    protectedBy.every(chain => isWithin(chain, 0, chains - 1)) &&
    templates.length <= MOST_TEMPLATES &&
    templates.every(
      ({ spatialLayer, temporalLayer, indications, frameDiffs, chainDiffs }) =>
        isWithin(spatialLayer, 0, HIGHEST_SPATIAL) &&
        isWithin(temporalLayer, 0, HIGHEST_TEMPORAL) &&
        indications.length === decodeTargets &&
        chainDiffs.length === chains &&
        frameDiffs.every(diff => isWithin(diff, 1, 16)) &&
        chainDiffs.every(diff => isWithin(diff, 0, 15)),
    ) &&
    (resolutions === undefined || resolutions.length === last.spatialLayer + 1)
  )
}

/** How the layers of a template follow from those of the one before (A.8, table A.3). */
const stepBetween = (from: FrameDependencies, to: FrameDependencies): number | undefined => {
  if (to.spatialLayer === from.spatialLayer) {
    if (to.temporalLayer === from.temporalLayer) return NextLayer.same
    return to.temporalLayer === from.temporalLayer + 1 ? NextLayer.temporal : undefined
  }
  return to.spatialLayer === from.spatialLayer + 1 && to.temporalLayer === 0 ? NextLayer.spatial : undefined
}
