import type { CalendarTokens } from '../stores/account-tokens.ts'

/** An account whose state is another one now: for a page that tells people to connect again, say. */
export interface AccountChange {
  readonly reference: string
  /** The Google account's address, where it is known. */
  readonly email: string | undefined
  /** `'not_connected'`: `revoke` has ended it. */
  readonly state: 'connected' | 'reconnect_required' | 'not_connected'
  readonly since: Date
  /** Google's word for why it ended, such as `'invalid_grant'`; or `'refresh_lost'`, as `calendar.account` has it. */
  readonly why: string | undefined
}

/** Called once for each change, after it is stored, in the process that stored it. */
export type AccountListener = (change: AccountChange) => void

/** Tells of changes. A listener that fails disturbs nobody: its error becomes a process warning. */
export class AccountChanges {
  readonly #listener: AccountListener | undefined
  readonly #now: () => number

  constructor(listener: AccountListener | undefined, now: () => number) {
    this.#listener = listener
    this.#now = now
  }

  tell(
    reference: string,
    state: AccountChange['state'],
    { email }: Pick<CalendarTokens, 'email'>,
    why?: string,
  ): void {
    const since = new Date(this.#now())
    try {
      const result: unknown = this.#listener?.({ reference, email, state, since, why })
      if (result instanceof Promise) result.catch(warn)
    } catch (error) {
      warn(error)
    }
  }
}

/** Its name alone: what a message says may be personal. */
function warn(error: unknown): void {
  const name = error instanceof Error ? error.name : typeof error
  process.emitWarning(`onAccountChange failed (${name})`, 'CalendarAccountWarning')
}
