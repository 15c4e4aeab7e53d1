import type { IoOptions } from '@yuzuru/concurrency'
import { expectOptions, IO_OPTIONS } from '@yuzuru/concurrency/boundary'
import { expectReference } from '../reference.ts'
import type { Operations } from '../wire/operations.ts'
import type { Credentials } from './credentials.ts'

/** How an account stands with Google, as far as this side has heard. */
export interface CalendarAccount {
  readonly reference: string
  /** The Google account's address; `undefined` for accounts that an earlier version of this package stored. */
  readonly email: string | undefined
  /** What the person allowed. */
  readonly scopes: readonly string[]
  /** `'reconnect_required'`: Google takes the consent no more, so send the person to `authorizeUrl`. */
  readonly state: 'connected' | 'reconnect_required'
  /** When the state began; `undefined` for accounts that an earlier version of this package stored. */
  readonly since: Date | undefined
  /**
   * Google's word for why it ended, such as `'invalid_grant'`. `'refresh_lost'`: the answer of an earlier refresh was
   * lost, with a process that died or on the way, and may have replaced the refresh token.
   */
  readonly why: string | undefined
}

/** Reads how accounts stand. It asks the store, and Google nothing. */
export class Accounts {
  readonly #credentials: Credentials
  readonly #operations: Operations

  constructor(credentials: Credentials, operations: Operations) {
    this.#credentials = credentials
    this.#operations = operations
  }

  async get(reference: string, options?: IoOptions): Promise<CalendarAccount> {
    expectReference(reference)
    expectOptions(options, IO_OPTIONS, 'calendar.account')
    const call = { operation: 'account', effect: 'read', reference } as const
    return await this.#operations.perform(call, options, async () => {
      const { tokens } = await this.#credentials.look(call)
      const { email, scopes, connectedAt, ended } = tokens
      const began = ended?.at ?? connectedAt
      return {
        reference,
        email,
        scopes,
        state: ended === undefined ? 'connected' : 'reconnect_required',
        since: began === undefined ? undefined : new Date(began),
        why: ended?.why,
      }
    })
  }
}
