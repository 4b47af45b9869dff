/** Firefox, by its own choice of everything, against ours. */

import { firefox } from './drivers/firefox.ts'
import { interop } from './interop.ts'

await interop(firefox)
