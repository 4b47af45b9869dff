/** Chromium, by its own choice of everything, against ours. */

import { chromium } from './drivers/chromium.ts'
import { interop } from './interop.ts'

await interop(chromium)
