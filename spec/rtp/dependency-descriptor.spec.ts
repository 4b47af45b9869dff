/** The dependency descriptor (RTP Payload Format For AV1, appendix A): a browser's are read, and what is written reads back. */

import fc from 'fast-check'
import {
  type DependencyDescriptor,
  DependencyDescriptorReader,
  type DependencyStructure,
  decodeTargetLayers,
  ExtensionWriter,
  encodeDependencyDescriptor,
  type FrameDependencies,
  putDependencyDescriptor,
} from 'purertc/rtp'
import t from 'tap'
import { fromHex, hex } from '../../lib/bytes/index.ts'
import { BitReader, BitWriter } from '../../lib/rtp/extension/bits.ts'
import { fixtureJson } from '../fixture.ts'

const captured = (fixtureJson('rtp/dependency-descriptors.json') as string[]).map(text => fromHex(text)!)

const INDICATIONS = '-DSR'
const template = (
  layers: string,
  indications: string,
  frameDiffs: readonly number[],
  chainDiffs: readonly number[],
): FrameDependencies => ({
  spatialLayer: Number(layers[1]),
  temporalLayer: Number(layers[3]),
  indications: [...indications].map(letter => INDICATIONS.indexOf(letter)),
  frameDiffs,
  chainDiffs,
})

/** A.6.1: one spatial layer, three temporal layers. */
const L1T3: DependencyStructure = {
  templateIdOffset: 62,
  decodeTargets: 3,
  chains: 1,
  protectedBy: [0, 0, 0],
  templates: [
    template('S0T0', 'SSS', [], [0]),
    template('S0T0', 'SSS', [4], [4]),
    template('S0T1', 'SD-', [2], [2]),
    template('S0T2', 'D--', [1], [1]),
    template('S0T2', 'D--', [1], [3]),
  ],
}

const FIELDS = ['spatialLayer', 'temporalLayer', 'indications', 'frameDiffs', 'chainDiffs', 'width', 'height']
const exactly = <T>(each: fc.Arbitrary<T>, length: number) => fc.array(each, { minLength: length, maxLength: length })

const frame = (dependencies: FrameDependencies, more: Partial<DependencyDescriptor> = {}): DependencyDescriptor => ({
  startOfFrame: true,
  endOfFrame: false,
  frameNumber: 0x1234,
  ...dependencies,
  ...more,
})

t.test('numbers below a limit are as AV1 has them (4.10.7)', t => {
  const codes = ['00', '01', '10', '110', '111']
  codes.forEach((code, value) => {
    const writer = new BitWriter().below(value, 5).bits(0xff, 8)
    const bits = [...writer.finish()].map(byte => byte.toString(2).padStart(8, '0')).join('')
    t.ok(bits.startsWith(`${code}11111111`), code)
    const reader = new BitReader(writer.finish(), 0, 2)
    t.equal(reader.below(5), value)
    t.equal(reader.bits(8), 0xff)
  })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1000 }), fc.nat(), (limit, seed) => {
      const writer = new BitWriter()
        .bits(1, 1)
        .below(seed % limit, limit)
        .bits(0xdeadbeef, 32)
      const reader = new BitReader(writer.finish(), 0, 10)
      reader.bits(1)
      return reader.below(limit) === seed % limit && reader.bits(32) === 0xdeadbeef && !reader.failed
    }),
    { numRuns: 200 },
  )
  const short = new BitReader(Uint8Array.of(0xff, 0xff), 0, 1)
  t.equal(short.bits(9), 0)
  t.ok(short.failed)
  t.equal(short.bits(1), 0, 'and stays so')
  t.end()
})

t.test('those of a browser with three spatial and three temporal layers', t => {
  const reader = new DependencyDescriptorReader()
  const read = captured.map(bytes => reader.read(bytes, 0, bytes.length))
  const [first, second] = read
  const { structure } = first!
  t.equal(structure?.decodeTargets, 9)
  t.equal(structure?.chains, 3)
  t.strictSame(structure?.protectedBy, [0, 0, 0, 1, 1, 1, 2, 2, 2])
  t.strictSame(structure?.resolutions, [
    { width: 120, height: 67 },
    { width: 240, height: 135 },
    { width: 480, height: 270 },
  ])
  t.strictSame(
    decodeTargetLayers(structure!).map(({ spatialLayer, temporalLayer }) => `S${spatialLayer}T${temporalLayer}`),
    ['S0T0', 'S0T1', 'S0T2', 'S1T0', 'S1T1', 'S1T2', 'S2T0', 'S2T1', 'S2T2'],
  )
  t.strictSame(
    read.map(each => each && `${each.frameNumber} S${each.spatialLayer}T${each.temporalLayer}`),
    [
      '370 S0T0',
      '371 S1T0',
      '371 S1T0',
      '373 S0T2',
      '374 S1T2',
      '374 S1T2',
      '376 S0T1',
      '371 S1T0',
      '371 S1T0',
      '372 S2T0',
      '372 S2T0',
      '373 S0T2',
    ],
  )
  t.strictSame(first?.indications, [2, 2, 2, 2, 2, 2, 2, 2, 2], 'a key frame: all may switch to it')
  t.strictSame(first?.frameDiffs, [])
  t.strictSame(second?.frameDiffs, [1])
  t.strictSame(second?.chainDiffs, [1, 1, 1])
  t.strictSame(second?.resolution, { width: 240, height: 135 })
  t.equal(second?.structure, undefined)
  t.equal(second?.activeDecodeTargets, 0b111111, 'the highest spatial layer is not sent')
  t.equal(reader.activeDecodeTargets, 0b111111)
  t.strictSame([second?.startOfFrame, second?.endOfFrame], [true, false])
  t.strictSame([read[2]?.startOfFrame, read[2]?.endOfFrame], [false, true])
  for (const [index, bytes] of captured.entries()) {
    t.equal(hex(encodeDependencyDescriptor(read[index]!, structure)!), hex(bytes), 'and is written as it was')
  }
  t.end()
})

t.test('a template that fits takes three bytes, and what differs is said', t => {
  const reader = new DependencyDescriptorReader()
  const [key, delta, middle, top] = L1T3.templates
  const pass = (descriptor: DependencyDescriptor): string => {
    const bytes = encodeDependencyDescriptor(descriptor, L1T3)!
    t.match(reader.read(bytes, 0, bytes.length), { ...descriptor })
    return hex(bytes)
  }
  const withStructure = pass(frame(key!, { structure: L1T3 }))
  t.equal(withStructure.slice(0, 6), 'be1234', 'the first template, by the offset of their ids')
  t.equal(reader.activeDecodeTargets, 0b111)
  t.equal(pass(frame(delta!)), 'bf1234')
  t.equal(pass(frame(middle!)), '801234', 'ids begin again at 64')
  t.equal(pass(frame(top!, { frameNumber: 0xffff, startOfFrame: false, endOfFrame: true })), '41ffff')
  // Flags 00001 and a byte for the one chain.
  t.equal(pass(frame({ ...middle!, chainDiffs: [200] })), `801234${hex(Uint8Array.of(0b00001_110, 0b01000_000))}`)
  // Flags 00010; two differences of four and eight bits, then none.
  t.equal(
    pass(frame({ ...middle!, frameDiffs: [3, 17] })),
    `801234${hex(Uint8Array.of(0b00010_01_0, 0b010_10_000, 0b10000_00_0))}`,
  )
  t.equal(
    pass(frame({ ...middle!, frameDiffs: [4096] })),
    `801234${hex(Uint8Array.of(0b00010_11_1, 0b11111111, 0b111_00_000))}`,
  )
  // Flags 00100 and two bits for each target.
  t.equal(
    pass(frame({ ...middle!, indications: [2, 2, 0] })),
    `801234${hex(Uint8Array.of(0b00100_10_1, 0b0_00_00000))}`,
  )
  t.equal(pass(frame(middle!, { activeDecodeTargets: 0b011 })), `801234${hex(Uint8Array.of(0b01000_011))}`)
  t.equal(reader.activeDecodeTargets, 0b011, 'kept')
  pass(frame(delta!))
  t.equal(reader.activeDecodeTargets, 0b011)
  pass(frame(key!, { structure: L1T3, activeDecodeTargets: 0b001 }))
  t.equal(reader.activeDecodeTargets, 0b001)
  pass(frame(key!, { structure: L1T3 }))
  t.equal(reader.activeDecodeTargets, 0b111, 'a structure begins with all of them')
  t.end()
})

t.test('without a structure, or with an id of another one, there is nothing to be read', t => {
  const reader = new DependencyDescriptorReader()
  const [first, second] = captured
  t.equal(reader.read(second!, 0, second!.length), undefined)
  t.ok(reader.read(first!, 0, first!.length))
  t.ok(reader.read(second!, 0, second!.length))
  const { structure } = reader
  t.equal(reader.read(fromHex('bf1234')!, 0, 3), undefined, 'the template 63')
  for (let length = 0; length < first!.length; length++) reader.read(first!, 0, length)
  t.equal(reader.structure, structure, 'and one that is cut off changes nothing')
  t.equal(reader.read(second!, 0, 2), undefined)
  t.equal(reader.read(second!, 0, 4), undefined)
  t.ok(reader.read(Uint8Array.of(0xff, ...second!), 1, 1 + second!.length), 'within other bytes')
  t.end()
})

t.test('what cannot be said is not written', t => {
  const [key, , middle] = L1T3.templates
  const refused = (descriptor: DependencyDescriptor, structure: DependencyStructure | undefined = L1T3): boolean =>
    t.equal(encodeDependencyDescriptor(descriptor, structure), undefined)
  t.equal(encodeDependencyDescriptor(frame(key!)), undefined, 'no structure')
  refused(frame({ ...middle!, spatialLayer: 1 }))
  refused(frame({ ...middle!, indications: [1] }))
  refused(frame({ ...middle!, chainDiffs: [] }))
  refused(frame({ ...middle!, chainDiffs: [256] }))
  refused(frame({ ...middle!, frameDiffs: [0] }))
  refused(frame({ ...middle!, frameDiffs: [4097] }))
  const broken = (change: Partial<DependencyStructure>): boolean =>
    refused(frame({ ...key!, ...change.templates?.[0] }, { structure: { ...L1T3, ...change } }))
  broken({ templateIdOffset: 64 })
  broken({ chains: 2 })
  broken({ protectedBy: [0, 0, 1] })
  broken({ templates: [key!, template('S1T1', 'SSS', [1], [1])] })
  broken({ templates: [key!, template('S0T2', 'SSS', [1], [1])] })
  broken({ templates: [key!, template('S0T1', 'SSS', [17], [1])] })
  broken({ templates: [key!, template('S0T1', 'SSS', [1], [16])] })
  broken({ resolutions: [] })
  const writer = new ExtensionWriter()
  const long = frame(key!, { structure: { ...L1T3, resolutions: [{ width: 1280, height: 720 }] } })
  t.notOk(putDependencyDescriptor(writer, 3, long), 'longer than 16 bytes')
  t.ok(putDependencyDescriptor(writer, 3, frame(middle!), L1T3))
  writer.mixed = true
  t.ok(putDependencyDescriptor(writer, 4, long))
  t.end()
})

t.test('any frame of any structure reads back, and flipped bits neither throw nor grow', t => {
  const small = fc.integer({ min: 1, max: 16 })
  const structures = fc
    .tuple(
      fc.integer({ min: 1, max: 32 }),
      fc.nat(32),
      fc.nat(63),
      fc.array(fc.nat(2), { maxLength: 20 }),
      fc.boolean(),
    )
    .chain(([decodeTargets, most, templateIdOffset, steps, hasResolutions]) => {
      const chains = Math.min(most, decodeTargets)
      const layers = [{ spatialLayer: 0, temporalLayer: 0 }]
      for (const step of steps) {
        const { spatialLayer, temporalLayer } = layers[layers.length - 1]!
        if (step === 1 && temporalLayer < 7) layers.push({ spatialLayer, temporalLayer: temporalLayer + 1 })
        else if (step === 2 && spatialLayer < 3) layers.push({ spatialLayer: spatialLayer + 1, temporalLayer: 0 })
        else layers.push({ spatialLayer, temporalLayer })
      }
      const resolutions = Array.from({ length: layers[layers.length - 1]!.spatialLayer + 1 }, (_, index) => ({
        width: 65536 >> index,
        height: 1 + index,
      }))
      return fc.record({
        templateIdOffset: fc.constant(templateIdOffset),
        decodeTargets: fc.constant(decodeTargets),
        chains: fc.constant(chains),
        protectedBy: chains === 0 ? fc.constant([]) : exactly(fc.nat(chains - 1), decodeTargets),
        templates: fc.tuple(
          ...layers.map(layer =>
            fc.record({
              spatialLayer: fc.constant(layer.spatialLayer),
              temporalLayer: fc.constant(layer.temporalLayer),
              indications: exactly(fc.nat(3), decodeTargets),
              frameDiffs: fc.array(small, { maxLength: 4 }),
              chainDiffs: exactly(fc.nat(15), chains),
            }),
          ),
        ),
        ...(hasResolutions && { resolutions: fc.constant(resolutions) }),
      })
    })
  fc.assert(
    fc.property(
      structures,
      fc.nat(),
      fc.array(fc.integer({ min: 1, max: 4096 }), { maxLength: 4 }),
      fc.nat(0xffff),
      (structure, seed, diffs, at) => {
        const reader = new DependencyDescriptorReader()
        const { templates } = structure
        const key = frame(templates[0]!, { structure })
        const whole = encodeDependencyDescriptor(key)!
        // In one order of members.
        const fields = [...Object.keys(structure), ...FIELDS]
        const read = reader.read(whole, 0, whole.length)?.structure
        if (JSON.stringify(read, fields) !== JSON.stringify(structure, fields)) throw new Error('another structure')
        const chosen = templates[seed % templates.length]!
        const custom = frame({ ...chosen, frameDiffs: diffs })
        const bytes = encodeDependencyDescriptor(custom, structure)!
        const again = reader.read(bytes, 0, bytes.length)!
        const { spatialLayer, temporalLayer, indications, frameDiffs, chainDiffs } = again
        const dependencies = { spatialLayer, temporalLayer, indications, frameDiffs, chainDiffs }
        if (JSON.stringify(dependencies, FIELDS) !== JSON.stringify({ ...chosen, frameDiffs: diffs }, FIELDS)) {
          throw new Error('another frame')
        }
        const flipped = whole.slice()
        flipped[at % flipped.length]! ^= 1 << (seed & 7)
        const other = reader.read(flipped, 0, flipped.length)
        if (other !== undefined && other.frameDiffs.length > 8 * flipped.length) throw new Error('grows')
      },
    ),
    { numRuns: 100 },
  )
  t.end()
})
