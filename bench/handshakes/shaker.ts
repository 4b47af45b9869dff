/** What the bench needs of an implementation: whole handshakes in one process, without a socket. */

export type Side = 'client' | 'server'

/** Certificates are made once, with keys on P-256; what a handshake has fresh is what must be. */
export interface Shaker {
  /**
   * One full handshake with both certificates, client's and server's side together; rejects when it fails.
   */
  shake(): Promise<void>
  /** What the last one agreed on, as the implementation says it. */
  readonly agreed: string
  /**
   * Whether a handshake gets through in which this side does not have its certificate's key, as its signature shows to
   * whoever verifies it. Absent where the implementation does not let itself be set up so.
   */
  passesWithoutKey?(side: Side): Promise<boolean>
}

/** As `agreed` says it where the platform has no ML-KEM of its own. */
export const NOBLE = "noble's ML-KEM"
