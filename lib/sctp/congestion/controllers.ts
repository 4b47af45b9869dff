/** The controllers that are built in, by name. */

import type { CongestionControl, CongestionControlName, CongestionOptions } from './congestion-control.ts'
import { StandardCongestionControl } from './standard.ts'

/** @throws TypeError when there is none of that name. */
export const createCongestionControl = (name: CongestionControlName, options: CongestionOptions): CongestionControl => {
  switch (name) {
    case 'standard':
    case 'cubic':
    case 'bbr':
      return new StandardCongestionControl(options)
    default:
      throw new TypeError(`no such congestion control: ${String(name)}`)
  }
}
