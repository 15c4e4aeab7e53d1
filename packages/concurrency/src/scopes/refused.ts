import type { Leftover } from './leftover.ts'
import { PacedRejections } from './paced-rejections.ts'

/** The calls that were refused in a scope after its cancel. */
export class Refused extends PacedRejections {
  /** The first call after the body had received the cancel: most likely its clean-up. */
  cleanUp: Leftover | undefined
  /** Whether it was reported that a loop swallows the cancel. */
  swallowed = false
}
