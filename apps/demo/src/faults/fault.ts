import type { Outcome } from '@yuzuru/concurrency'
import type { FaultProxy, Sandbox } from '@yuzuru/sandbox'
import type { App } from '../app.ts'
import type { Text } from '../web/language.ts'
import type { Boundary } from './boundaries.ts'

/** What is there before a fault, and after it. */
export interface Surroundings {
  /** The app without the line, which sees what there is. */
  readonly clear: App
  readonly sandbox: Sandbox
  /** Different each time. */
  readonly mark: string
}

/** What a fault is tried on: an app of its own, with one line that can be broken. */
export interface Stage extends Surroundings {
  /** The app behind the line. */
  readonly app: App
  readonly line: FaultProxy
}

/** What there is after a fault, and whether it is what was to hold. */
export interface Held {
  readonly text: Text
  readonly holds: boolean
}

/** One fault at one boundary. */
export interface Fault {
  readonly name: string
  readonly boundary: Boundary
  readonly text: Text
  /** The call that meets it, as the app makes it. */
  readonly code: string
  /** Which guarantee of the boundary's package says what is to hold: its number in `GUARANTEES.md`. */
  readonly guarantee: number
  /** What the caller is to see: the outcome of an error, or nothing where the call is repeated for it. */
  readonly sees: Outcome | 'nothing'
  /** Whether a reply is lost on the line. Where none was, nothing has been shown. */
  readonly losesReply: boolean
  /** Begins what is to break. */
  act(stage: Stage): Promise<unknown>
  /** What there is afterwards; the same act is safe to repeat where it says so. */
  held(stage: Stage): Promise<Held>
  /** Takes away what it has made, however far it came: its visitor may leave at any time. */
  clean(around: Surroundings): Promise<unknown>
}
