import { IoError } from '@yuzuru/concurrency'
import { Invalid } from '../web/invalid.ts'

/**
 * Turns the error of an address that is registered already into an `Invalid`; returns other errors
 * unchanged.
 */
export function refuseTakenEmail(error: unknown): unknown {
  if (!IoError.isInstance(error) || error.code !== 'unique_violation') return error
  return new Invalid(
    [
      {
        field: 'email',
        text: {
          ja: 'このメールアドレスはすでに登録されています。ログインしてください',
          en: 'is registered already: sign in instead',
        },
      },
    ],
    409,
  )
}
