import type { Text } from '../web/language.ts'

/** One thing that a step looked at. */
export interface Check {
  readonly text: Text
  readonly holds: boolean
  /** What was seen: a figure, a status, a name. */
  readonly seen: string
}

/** What a step says on its way: what it does, what it breaks on purpose, what it has looked at. */
export type Note =
  | { readonly kind: 'does'; readonly text: Text }
  | { readonly kind: 'breaks'; readonly text: Text }
  | ({ readonly kind: 'check' } & Check)

/** How one step of the day went. */
export interface StepResult {
  readonly number: number
  readonly title: Text
  readonly checks: readonly Check[]
  readonly tookMs: number
  /** What ended the step before its end, if anything did. */
  readonly failure: string | undefined
}

export function stepHolds({ checks, failure }: Pick<StepResult, 'checks' | 'failure'>): boolean {
  return failure === undefined && checks.length > 0 && checks.every(({ holds }) => holds)
}

/** Where a step tells what it does and what it sees. */
export class StepReport {
  readonly checks: Check[] = []
  readonly #note: (note: Note) => void

  /** @param note takes each note as it is made */
  constructor(note: (note: Note) => void) {
    this.#note = note
  }

  /** What is being done now. */
  progress(text: Text): void {
    this.#note({ kind: 'does', text })
  }

  /** What is being broken, or done wrongly, so that it can be seen what holds. */
  onPurpose(text: Text): void {
    this.#note({ kind: 'breaks', text })
  }

  /** What was found; the step goes on either way, so that the table shows all of it. */
  check(text: Text, holds: boolean, seen: string | number | boolean = ''): void {
    const check = { text, holds, seen: String(seen) }
    this.checks.push(check)
    this.#note({ kind: 'check', ...check })
  }

  /** As {@link check}, for what must be so before the step can go on. */
  require(text: Text, holds: boolean, seen: string | number | boolean = ''): void {
    this.check(text, holds, seen)
    if (!holds) throw new Error(`${text.en}: ${String(seen)}`)
  }
}
