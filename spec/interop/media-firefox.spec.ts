/** Audio and video of Firefox against ours. */

import { launchFirefox } from './drivers/firefox.ts'
import { mediaInterop } from './media/browser.ts'

await mediaInterop('firefox', () => launchFirefox({ camera: true }))
