import { expectOptions, expectText } from '@yuzuru/concurrency/boundary'
import { parseMailbox } from './mail-address.ts'

/** How a reader gets rid of such mails: by one click in the mail program (RFC 8058). */
export interface Unsubscribe {
  /**
   * An https URL of your own that names the reader, in a form that can't be guessed. The mail program sends
   * it a POST with the body `List-Unsubscribe=One-Click`, without cookies: that alone must do it. A GET must
   * not, as scanners follow links.
   */
  readonly url: string
  /** For programs that only know mail: an address that such a mail goes to. */
  readonly mailto?: string | undefined
}

/** @throws {TypeError} unless it is an https URL, and an address if there is one */
export function unsubscribeHeaders(unsubscribe: Unsubscribe): Record<string, string> {
  expectOptions(unsubscribe, ['url', 'mailto'], 'mail.send.unsubscribe')
  const { url, mailto } = unsubscribe
  expectText('unsubscribe.url', url)
  if (!url.startsWith('https://') || !/^[!-;=?-~]+$/.test(url) || !URL.canParse(url)) {
    throw new TypeError('Expected unsubscribe.url to be an https URL in ASCII, got another string')
  }
  const address =
    mailto === undefined ? [] : [`<mailto:${parseMailbox('unsubscribe.mailto', mailto).address}>`]
  return {
    'List-Unsubscribe': [`<${url}>`, ...address].join(', '),
    'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
  }
}
