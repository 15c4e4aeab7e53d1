import type { Leftover } from './leftover.ts'
import { PacedRejections } from './paced-rejections.ts'

/** How the calls fared that were made in a scope after its cancel. */
export class Refused extends PacedRejections {
  /** The first call of a body that had heard of the cancel: most likely its clean-up. */
  cleanUp: Leftover | undefined
  /** Whether it was reported that a loop swallows the cancel. */
  swallowed = false
}
