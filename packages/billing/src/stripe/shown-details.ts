import { Redaction } from '@yuzuru/concurrency/boundary'
import type { StripeDetails } from '../billing-error.ts'

const redaction = new Redaction()

/** What Stripe's refusals say beside their prose. */
export interface RefusalFields {
  readonly code?: unknown
  readonly decline_code?: unknown
  readonly param?: unknown
  readonly requestId?: unknown
}

/** What of a refusal may stand in an error: its words from a fixed vocabulary, and Stripe's own id of it. */
export type ShownDetails = Pick<StripeDetails, 'declineCode' | 'param' | 'requestId' | 'stripeCode'>

/**
 * Stripe's prose quotes what it was sent (`Invalid email address: hanako@…`), so none of it is shown. What
 * is left is a code, a parameter's name and the id under which Stripe's dashboard shows the whole request.
 * Each must look like one: a field that holds something else is dropped.
 */
export function shownDetails(refusal: RefusalFields): ShownDetails {
  const { code, decline_code: declineCode, param, requestId } = refusal
  return {
    stripeCode: shownWord(code),
    declineCode: shownWord(declineCode),
    param: shownParam(param),
    requestId:
      typeof requestId === 'string' && /^req_\w{1,64}$/.test(requestId) && isPlain(requestId)
        ? requestId
        : undefined,
  }
}

/** A word of Stripe's vocabulary: `resource_missing`, `StripeCardError`; `undefined` for anything else. */
export function shownWord(word: unknown): string | undefined {
  if (typeof word !== 'string' || !/^[A-Za-z][A-Za-z_]{0,63}$/.test(word)) return undefined
  return isPlain(word) ? word : undefined
}

/** `line_items[0][price]`; the keys of metadata are the app's own, and are left out. */
function shownParam(param: unknown): string | undefined {
  if (typeof param !== 'string' || !/^[a-z][a-z_\d]*(?:\[[a-z_\d]*\])*$/i.test(param))
    return undefined
  const [shown = ''] = param.split(/(?<=metadata)\[/)
  return shown.length <= 200 && !/\d{4}/.test(shown) && isPlain(shown) ? shown : undefined
}

function isPlain(text: string): boolean {
  return redaction.text(text) === text
}
