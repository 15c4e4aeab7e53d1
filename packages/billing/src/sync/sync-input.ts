import { expectLine, expectObject, expectOptions } from '@yuzuru/concurrency/boundary'
import { expectReference } from '../customers/customer-input.ts'

/** The session of a checkout: what the success page is opened with. */
export interface SessionOfReference {
  /** `cs_…`. */
  readonly sessionId: string
  /** Whose page it is. Give it: anyone can open the success page's URL. @default whoever's it is */
  readonly reference?: string | undefined
}

/** For {@link Billing.sync}: a reference, or a checkout's session. */
export type SyncInput = string | SessionOfReference

const SESSION = Object.keys({
  sessionId: true,
  reference: true,
} satisfies Record<keyof SessionOfReference, true>)

/** Throws unless it is a {@link SyncInput}. */
export function expectSync(input: SyncInput): void {
  if (typeof input === 'string') {
    expectReference(input)
    return
  }
  expectObject('input', input)
  expectOptions(input, SESSION, 'billing.sync')
  expectLine('sessionId', input.sessionId, 255)
  if (input.reference !== undefined) expectReference(input.reference)
}
