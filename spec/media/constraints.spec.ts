/** Constraints: their conversion, the fitness distance, and what is chosen (mediacapture-main, 4.3.8 and 11.3). */

import t from 'tap'
import {
  type MediaTrackCapabilities,
  type MediaTrackConstraints,
  type MediaTrackSettings,
  OverconstrainedError,
} from '../../lib/media/index.ts'
import { trackWith } from './sources.ts'

const CAPABILITIES: MediaTrackCapabilities = {
  width: { min: 160, max: 1920 },
  height: { min: 120, max: 1080 },
  frameRate: { min: 1, max: 60 },
  facingMode: ['user', 'environment'],
  resizeMode: ['none', 'crop-and-scale'],
}
const SETTINGS: MediaTrackSettings = { width: 640, height: 480, frameRate: 30, facingMode: 'user', resizeMode: 'none' }

/** A track whose source does what constraints choose. */
const camera = (capabilities = CAPABILITIES, initial = SETTINGS) => {
  let settings = initial
  const made = trackWith({
    capabilities: () => capabilities,
    settings: () => settings,
    configure: chosen => {
      settings = chosen
    },
  })
  return made.track
}

/** What is chosen, or the name of the constraint that fails. */
const applied = async (constraints: MediaTrackConstraints, track = camera()): Promise<unknown> => {
  try {
    await track.applyConstraints(constraints)
  } catch (error) {
    if (error instanceof OverconstrainedError) return error.constraint
    throw error
  }
  const { width, height, frameRate, facingMode } = track.getSettings()
  return [width, height, frameRate, facingMode]
}

t.test('what is wanted is chosen as near as it can be; the rest stays', async t => {
  const cases: [MediaTrackConstraints, unknown][] = [
    [{}, [640, 480, 30, 'user']],
    [{ width: 1280 }, [1280, 480, 30, 'user']],
    [{ width: { ideal: 4000 }, frameRate: { ideal: 0.1 } }, [1920, 480, 1, 'user']],
    [{ width: { min: 800 } }, [800, 480, 30, 'user']],
    [{ width: { max: 320, ideal: 1280 } }, [320, 480, 30, 'user']],
    [{ width: { exact: 333 }, height: { min: 700, max: 720 } }, [333, 700, 30, 'user']],
    [{ frameRate: { min: 24.5, max: 24.7, ideal: 25 } }, [640, 480, 24.7, 'user']],
    [{ facingMode: 'environment' }, [640, 480, 30, 'environment']],
    [{ facingMode: ['left', 'environment'] }, [640, 480, 30, 'environment']],
    [{ facingMode: { ideal: 'left' } }, [640, 480, 30, 'user']],
    [{ facingMode: { exact: ['environment', 'left'] } }, [640, 480, 30, 'environment']],
    [{ aspectRatio: { exact: 16 / 9 }, width: 1280 }, [1280, 720, 30, 'user']],
    [{ aspectRatio: 2 }, [640, 320, 30, 'user']],
    [{ width: { min: 700.6, max: 700.7 } }, [701, 480, 30, 'user']],
    [{ width: -5, height: 4e10 }, [160, 1080, 30, 'user']],
  ]
  for (const [constraints, chosen] of cases) {
    t.strictSame(await applied(constraints), chosen, JSON.stringify(constraints))
  }
})

t.test('a required constraint that nothing satisfies is named, and changes nothing', async t => {
  const cases: [MediaTrackConstraints, string][] = [
    [{ width: { min: 3000 } }, 'width'],
    [{ width: { exact: 100 } }, 'width'],
    [{ height: { min: 500, max: 400 } }, 'height'],
    [{ facingMode: { exact: 'left' } }, 'facingMode'],
    [{ deviceId: { exact: 'abc' } }, 'deviceId'],
    [{ aspectRatio: { exact: 100 } }, 'aspectRatio'],
    [{ aspectRatio: { exact: 1 }, width: { exact: 1920 } }, 'aspectRatio'],
  ]
  for (const [constraints, name] of cases) {
    const track = camera()
    await track.applyConstraints({ width: 1280 })
    t.equal(await applied(constraints, track), name, JSON.stringify(constraints))
    t.equal(track.getSettings().width, 1280)
    t.strictSame(track.getConstraints(), { width: 1280 })
  }
})

t.test('what the kind of track does not have constrains nothing, unless it is required', async t => {
  t.strictSame(await applied({ sampleRate: 1, echoCancellation: { ideal: true } }), [640, 480, 30, 'user'])
  t.equal(await applied({ echoCancellation: { exact: true } }), 'echoCancellation')
  t.strictSame(await applied({ advanced: [{ sampleRate: 1, width: 800 }] }), [640, 480, 30, 'user'])
  const unknown = await applied({ zoom: { exact: 3 } } as MediaTrackConstraints)
  t.strictSame(unknown, [640, 480, 30, 'user'], 'what nobody knows is not read')
})

t.test('an empty list is no constraint', async t => {
  const none = { facingMode: { exact: [] }, deviceId: [] }
  t.strictSame(await applied({ ...none, advanced: [{ facingMode: [] }] }), [640, 480, 30, 'user'])
})

t.test('advanced sets are taken whole, one after the other, or passed over', async t => {
  const sets = (...advanced: NonNullable<MediaTrackConstraints['advanced']>) => applied({ advanced })
  t.strictSame(await sets({ width: 1280, height: 720 }), [1280, 720, 30, 'user'], 'a bare value is exact')
  t.strictSame(await sets({ width: 1280, height: 9999 }), [640, 480, 30, 'user'], 'all or nothing')
  t.strictSame(await sets({ width: 1280 }, { width: 800 }, { height: 600 }), [1280, 600, 30, 'user'])
  t.strictSame(
    await applied({ width: { max: 800 }, frameRate: 10, advanced: [{ width: { min: 700 } }, { frameRate: 15 }] }),
    [700, 480, 15, 'user'],
    'the basic set comes first, and its ideal after all',
  )
  t.strictSame(await sets({ facingMode: ['left', 'environment'] }), [640, 480, 30, 'environment'])
  t.strictSame(await sets({ aspectRatio: 1 }, { width: { min: 1200 } }), [640, 640, 30, 'user'])
})

t.test('other tracks of the source keep what they require', async t => {
  const track = camera()
  const other = track.clone()
  await other.applyConstraints({ width: { max: 500, ideal: 400 } })
  t.equal(await applied({ width: { min: 600 } }, track), 'width')
  t.strictSame(await applied({ width: 600 }, track), [500, 480, 30, 'user'])
  other.stop()
  t.strictSame(await applied({ width: { min: 600 } }, track), [600, 480, 30, 'user'])
})

t.test('constraints go in and come out by value', async t => {
  const track = camera()
  const given = { width: { ideal: 800 }, advanced: [{ facingMode: ['user'] }] }
  await track.applyConstraints(given)
  given.width.ideal = 1
  const got = track.getConstraints()
  t.strictSame(got, { width: { ideal: 800 }, advanced: [{ facingMode: ['user'] }] })
  got.advanced?.pop()
  t.equal(track.getConstraints().advanced?.length, 1)
  t.strictSame(track.clone().getConstraints(), track.getConstraints())
  await track.applyConstraints()
  t.strictSame(track.getConstraints(), {})
  t.same(track.getCapabilities(), CAPABILITIES)
})

t.test('what is no constraint rejects the promise', async t => {
  const track = camera()
  const bad: unknown[] = [5, { width: Symbol('w') }, { frameRate: 'fast' }, { frameRate: Infinity }, { advanced: 3 }]
  for (const constraints of bad)
    await t.rejects(track.applyConstraints(constraints as MediaTrackConstraints), TypeError)
})

t.test('a track that has ended tells what is inherent to its source, and takes no constraints', async t => {
  const track = camera()
  track.stop()
  await track.applyConstraints({ width: { exact: 3 } })
  t.strictSame(track.getSettings(), { facingMode: 'user' })
  t.strictSame(track.getConstraints(), {})
})

t.test('a track without capabilities is what it is', async t => {
  const track = camera({}, { width: 320, height: 240 })
  await track.applyConstraints({ width: { ideal: 1280 }, height: { exact: 240 } })
  t.match(track.getSettings(), { width: 320, height: 240 })
  t.equal(await applied({ width: { exact: 1280 } }, track), 'width')
  t.equal(await applied({ frameRate: { min: 1 } }, track), 'frameRate', 'what is not known satisfies nothing')
  t.equal(await applied({ aspectRatio: { exact: 2 } }, track), 'aspectRatio')
})

t.test('OverconstrainedError', t => {
  const error = new OverconstrainedError('width', 'too wide')
  t.match(error, { name: 'OverconstrainedError', constraint: 'width', message: 'too wide', code: 0 })
  t.ok(error instanceof DOMException)
  t.throws(() => new (OverconstrainedError as unknown as new () => unknown)(), TypeError)
  t.end()
})
