/** The specs of these rooms. */

import { together } from './together.ts'

await together('crypto')
