import type { FaultProxy, Sandbox } from '@yuzuru/sandbox'
import type { App } from '../app.ts'
import type { Text } from '../web/language.ts'
import type { Boundary } from './boundaries.ts'

/** What a fault is tried on: an app of its own, with one line that can be broken. */
export interface Stage {
  /** The app behind the line. */
  readonly app: App
  /** The app without it, which sees what there is. */
  readonly clear: App
  readonly line: FaultProxy
  readonly sandbox: Sandbox
  /** Different each time. */
  readonly mark: string
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
  /** Begins what is to break. */
  act(stage: Stage): Promise<unknown>
  /** What there is afterwards; the same act is safe to repeat where it says so. */
  held(stage: Stage): Promise<Held>
}
