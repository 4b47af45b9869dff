/**
 * Puts the W3C classes on `globalThis`, for code that was written for a browser: `import 'purertc/globals'`.
 *
 * All of them, also over those that the platform may have: a mixture of two implementations would not work, since each
 * takes only objects of its own.
 */

import * as purertc from './index.ts'

/** What W3C names otherwise. */
const OTHERS = new Set([
  'KeyFrameRequestEvent',
  'MediaStream',
  'MediaStreamTrack',
  'MediaStreamTrackEvent',
  'OverconstrainedError',
])

for (const [name, value] of Object.entries(purertc)) {
  if (!name.startsWith('RTC') && !OTHERS.has(name)) continue
  Object.defineProperty(globalThis, name, { value, writable: true, enumerable: false, configurable: true })
}
