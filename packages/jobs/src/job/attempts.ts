import { expectInteger } from '@yuzuru/concurrency/boundary'

/** How often a job is tried in all, unless its kind says otherwise. */
export const ATTEMPTS = 5

/** Throws unless it is how often a job may be tried. */
export function expectAttempts(attempts: number): void {
  expectInteger('attempts', attempts, 1, 1_000)
}
