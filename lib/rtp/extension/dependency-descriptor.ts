/**
 * The dependency descriptor (RTP Payload Format For AV1, appendix A): of each packet, which frame it is of; of each frame, what
 * it needs and who needs it. Forwarders choose by it and see what is lost, whatever the codec, without reading a payload.
 *
 * A key frame brings a structure along; later packets name one of its templates, and say only what is different.
 */

import type { ExtensionWriter } from '../packet-writer.ts'
import { BitReader, BitWriter } from './bits.ts'
import {
  type DependencyStructure,
  type FrameDependencies,
  readDependencyStructure,
  sameNumbers,
  writeDependencyStructure,
} from './dependency-structure.ts'

export const DEPENDENCY_DESCRIPTOR_URI =
  'https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension'

const MANDATORY_LENGTH = 3
/** Ids have six bits. */
const TEMPLATE_IDS = 64

export interface DependencyDescriptor extends FrameDependencies {
  /** Whether the packet is the first, and the last, of its frame. */
  readonly startOfFrame: boolean
  readonly endOfFrame: boolean
  /** 0 to 65535, then 0 again; one more with each frame. */
  readonly frameNumber: number
  /** Pixels of the frame's spatial layer, where the structure says it. Not written: it is the structure's. */
  readonly resolution?: { readonly width: number; readonly height: number }
  /** Where the packet brings one. */
  readonly structure?: DependencyStructure
  /** A bit for each decode target, the lowest for the first; where the packet says it. */
  readonly activeDecodeTargets?: number
}

const allTargets = ({ decodeTargets }: DependencyStructure): number => (2 ** decodeTargets - 1) >>> 0

/** Reads the descriptors of one stream: keeps the last structure. */
export class DependencyDescriptorReader {
  /** Undefined before the first key frame. */
  structure: DependencyStructure | undefined
  /** Which decode targets are sent at all, as last said; all of them unless it is. */
  activeDecodeTargets = 0

  /**
   * The descriptor in `bytes[start, end)`; undefined where it is malformed, or names a template of a structure that is not
   * here. Neither changes anything.
   */
  read(bytes: Uint8Array, start: number, end: number): DependencyDescriptor | undefined {
    if (end - start < MANDATORY_LENGTH) return undefined
    const reader = new BitReader(bytes, start, end)
    const startOfFrame = reader.flag()
    const endOfFrame = reader.flag()
    const templateId = reader.bits(6)
    const frameNumber = reader.bits(16)
    const isExtended = end - start > MANDATORY_LENGTH
    const flags = isExtended ? reader.bits(5) : 0
    const attached = (flags & 16) !== 0 ? readDependencyStructure(reader) : undefined
    const structure = attached ?? this.structure
    if (structure === undefined || ((flags & 16) !== 0 && attached === undefined)) return undefined
    const activeDecodeTargets = (flags & 8) !== 0 ? reader.bits(structure.decodeTargets) : undefined
    const template = structure.templates[(templateId + TEMPLATE_IDS - structure.templateIdOffset) % TEMPLATE_IDS]
    if (template === undefined) return undefined
    const { spatialLayer, temporalLayer } = template
    const indications = (flags & 4) !== 0 ? template.indications.map(() => reader.bits(2)) : template.indications
    const frameDiffs = (flags & 2) !== 0 ? readFrameDiffs(reader) : template.frameDiffs
    const chainDiffs = (flags & 1) !== 0 ? template.chainDiffs.map(() => reader.bits(8)) : template.chainDiffs
    if (reader.failed) return undefined
    if (attached !== undefined) {
      this.structure = attached
      this.activeDecodeTargets = allTargets(attached)
    }
    if (activeDecodeTargets !== undefined) this.activeDecodeTargets = activeDecodeTargets
    const resolution = structure.resolutions?.[spatialLayer]
    return {
      startOfFrame,
      endOfFrame,
      frameNumber,
      spatialLayer,
      temporalLayer,
      indications,
      frameDiffs,
      chainDiffs,
      ...(resolution && { resolution }),
      ...(attached && { structure: attached }),
      ...(activeDecodeTargets !== undefined && { activeDecodeTargets }),
    }
  }
}

/** Each behind its own size, in units of four bits. */
const readFrameDiffs = (reader: BitReader): number[] => {
  const diffs: number[] = []
  for (let size = reader.bits(2); size !== 0; size = reader.bits(2)) diffs.push(reader.bits(4 * size) + 1)
  return diffs
}

/** Units of four bits that a difference takes. */
const sizeOf = (diff: number): number => (diff <= 16 ? 1 : diff <= 256 ? 2 : 3)

/** The template that leaves least to be said, and the flags of what it does leave. */
const chooseTemplate = (
  { templates }: DependencyStructure,
  frame: FrameDependencies,
): { index: number; custom: number } | undefined => {
  let best: { index: number; custom: number } | undefined
  let leastBits = Number.POSITIVE_INFINITY
  templates.forEach((template, index) => {
    if (template.spatialLayer !== frame.spatialLayer || template.temporalLayer !== frame.temporalLayer) return
    let custom = 0
    let bits = 0
    if (!sameNumbers(template.indications, frame.indications)) {
      custom |= 4
      bits += 2 * frame.indications.length
    }
    if (!sameNumbers(template.frameDiffs, frame.frameDiffs)) {
      custom |= 2
      bits += frame.frameDiffs.reduce((sum, diff) => sum + 2 + 4 * sizeOf(diff), 2)
    }
    if (!sameNumbers(template.chainDiffs, frame.chainDiffs)) {
      custom |= 1
      bits += 8 * frame.chainDiffs.length
    }
    if (bits >= leastBits) return
    leastBits = bits
    best = { index, custom }
  })
  return best
}

/**
 * The bytes of a descriptor, by the structure that it brings along, or else by the one that was sent last. Undefined for what
 * cannot be said by it: layers without a template, differences out of range.
 */
export const encodeDependencyDescriptor = (
  descriptor: DependencyDescriptor,
  current?: DependencyStructure,
): Uint8Array | undefined => {
  const structure = descriptor.structure ?? current
  const { indications, frameDiffs, chainDiffs, activeDecodeTargets } = descriptor
  if (structure === undefined || indications.length !== structure.decodeTargets) return undefined
  if (chainDiffs.length !== structure.chains || chainDiffs.some(diff => diff < 0 || diff > 255)) return undefined
  if (frameDiffs.some(diff => diff < 1 || diff > 4096)) return undefined
  const chosen = chooseTemplate(structure, descriptor)
  if (chosen === undefined) return undefined
  const { index, custom } = chosen
  const flags = (descriptor.structure ? 16 : 0) | (activeDecodeTargets === undefined ? 0 : 8) | custom
  const writer = new BitWriter()
    .flag(descriptor.startOfFrame)
    .flag(descriptor.endOfFrame)
    .bits((structure.templateIdOffset + index) % TEMPLATE_IDS, 6)
    .bits(descriptor.frameNumber, 16)
  if (flags === 0) return writer.finish()
  writer.bits(flags, 5)
  if (descriptor.structure !== undefined && !writeDependencyStructure(writer, structure)) return undefined
  if (activeDecodeTargets !== undefined) writer.bits(activeDecodeTargets, structure.decodeTargets)
  if ((custom & 4) !== 0) for (const indication of indications) writer.bits(indication, 2)
  if ((custom & 2) !== 0) {
    for (const diff of frameDiffs) writer.bits(sizeOf(diff), 2).bits(diff - 1, 4 * sizeOf(diff))
    writer.bits(0, 2)
  }
  if ((custom & 1) !== 0) for (const diff of chainDiffs) writer.bits(diff, 8)
  return writer.finish()
}

/** False also where the writer cannot take it: a structure wants the two-byte form. */
export const putDependencyDescriptor = (
  writer: ExtensionWriter,
  id: number,
  descriptor: DependencyDescriptor,
  current?: DependencyStructure,
): boolean => {
  const bytes = encodeDependencyDescriptor(descriptor, current)
  return bytes !== undefined && writer.put(id, bytes)
}
