/** Audio and video of Chromium against ours. */

import { launchChromium } from './drivers/chromium.ts'
import { mediaInterop } from './media/browser.ts'

await mediaInterop('chromium', () => launchChromium({ camera: true }))
