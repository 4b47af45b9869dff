/** The controllers that are built in, by name. */

import { BbrCongestionControl } from './bbr.ts'
import type { CongestionControl, CongestionControlName, CongestionOptions } from './congestion-control.ts'
import { CubicCongestionControl } from './cubic.ts'
import { StandardCongestionControl } from './standard.ts'

/** @throws TypeError when there is none of that name. */
export const createCongestionControl = (name: CongestionControlName, options: CongestionOptions): CongestionControl => {
  switch (name) {
    case 'standard':
      return new StandardCongestionControl(options)
    case 'cubic':
      return new CubicCongestionControl(options)
    case 'bbr':
      return new BbrCongestionControl(options)
    default:
      throw new TypeError(`no such congestion control: ${String(name)}`)
  }
}
