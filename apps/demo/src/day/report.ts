import type { Language, Text } from '../web/language.ts'

/** One thing that a step looked at. */
export interface Check {
  readonly text: Text
  readonly holds: boolean
  /** What was seen: a figure, a status, a name. */
  readonly seen: string
}

/** How one step of the day went. */
export interface StepResult {
  readonly number: number
  readonly title: Text
  readonly checks: readonly Check[]
  readonly tookMs: number
  /** What ended the step before its end, if anything did. */
  readonly failure: string | undefined
}

export function stepHolds({ checks, failure }: StepResult): boolean {
  return failure === undefined && checks.length > 0 && checks.every(({ holds }) => holds)
}

/** Where a step tells what it does and what it sees. */
export class StepReport {
  readonly checks: Check[] = []
  readonly #print: (line: string) => void
  readonly #language: Language

  constructor(print: (line: string) => void, language: Language) {
    this.#print = print
    this.#language = language
  }

  /** What is being done now. */
  progress(text: Text): void {
    this.#print(`    · ${text[this.#language]}`)
  }

  /** What was found; the step goes on either way, so that the table shows all of it. */
  check(text: Text, holds: boolean, seen: string | number | boolean = ''): void {
    const check = { text, holds, seen: String(seen) }
    this.checks.push(check)
    this.#print(
      `    ${holds ? '✓' : '✗'} ${text[this.#language]}${seen === '' ? '' : `: ${check.seen}`}`,
    )
  }

  /** As {@link check}, for what must be so before the step can go on. */
  require(text: Text, holds: boolean, seen: string | number | boolean = ''): void {
    this.check(text, holds, seen)
    if (!holds) throw new Error(`${text.en}: ${String(seen)}`)
  }
}
