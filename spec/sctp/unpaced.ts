/** The standard congestion control without pacing: what it lets go leaves at once, so that specs can count it. */

import type { CongestionOptions } from '../../lib/sctp/congestion/congestion-control.ts'
import { StandardCongestionControl } from '../../lib/sctp/congestion/standard.ts'

class Unpaced extends StandardCongestionControl {
  override get pacingRate(): number {
    return Number.POSITIVE_INFINITY
  }
}

export const unpaced = (options: CongestionOptions): StandardCongestionControl => new Unpaced(options)
