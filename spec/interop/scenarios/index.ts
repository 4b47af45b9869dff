/** The scenarios that every peer goes through, each the name of one behaviour. */

import { association } from './association.ts'
import { bulk } from './bulk.ts'
import { channels } from './channels.ts'
import { dtls } from './dtls.ts'
import { lifeCycle } from './life-cycle.ts'
import { messages } from './messages.ts'
import { restart } from './restart.ts'
import type { Scenario } from './scenario.ts'
import { transport } from './transport.ts'

export type { Scenario } from './scenario.ts'

export const scenarios: readonly Scenario[] = [
  ...transport,
  ...dtls,
  ...messages,
  ...channels,
  ...association,
  ...bulk,
  ...lifeCycle,
  ...restart,
]
