/** RTCStatsReport (webrtc-pc, 8.3): a read-only map from ids to dictionaries. */

import { defineInterface, illegalConstructor } from '../../idl/index.ts'
import type { RTCAnyStats } from './dictionaries.ts'

/** What a report is made of; only a connection makes one. */
export class StatsReportSlots {
  constructor(readonly entries: ReadonlyMap<string, RTCAnyStats>) {}
}

// A report's values are typed as lib.dom types them, so that both may be used alike: a dictionary of any kind.
export class RTCStatsReport {
  readonly #entries: ReadonlyMap<string, RTCAnyStats>

  /** Not for applications: reports come from `getStats`. */
  constructor(slots: StatsReportSlots) {
    this.#entries = slots instanceof StatsReportSlots ? slots.entries : illegalConstructor()
  }

  get size(): number {
    return this.#entries.size
  }

  entries(): MapIterator<[string, RTCAnyStats]> {
    return this.#entries.entries()
  }

  forEach(callbackfn: (value: RTCAnyStats, key: string, parent: RTCStatsReport) => void, thisArg?: unknown): void {
    if (typeof callbackfn !== 'function') {
      throw new TypeError("Failed to execute 'forEach' on 'RTCStatsReport': The callback provided is not a function.")
    }
    for (const [key, value] of this.#entries) callbackfn.call(thisArg, value, key, this)
  }

  get(key: string): RTCAnyStats | undefined {
    return this.#entries.get(`${key}`)
  }

  has(key: string): boolean {
    return this.#entries.has(`${key}`)
  }

  keys(): MapIterator<string> {
    return this.#entries.keys()
  }

  values(): MapIterator<RTCAnyStats> {
    return this.#entries.values()
  }

  declare [Symbol.iterator]: () => MapIterator<[string, RTCAnyStats]>

  static {
    const { entries } = RTCStatsReport.prototype
    // One function under both names (Web IDL, 3.7.12, maplike).
    Object.defineProperty(RTCStatsReport.prototype, Symbol.iterator, {
      value: entries,
      writable: true,
      configurable: true,
    })
    defineInterface(RTCStatsReport, 'RTCStatsReport')
  }
}
