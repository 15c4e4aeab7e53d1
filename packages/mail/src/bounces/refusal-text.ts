/** What a server's words say of a refusal. */
export interface Refusal {
  /** RFC 3463: `'5.1.1'`. */
  readonly status: string | undefined
  /** 550 … */
  readonly code: number | undefined
}

/** RFC 3463: no try was successful for as long as the server tries. */
export const EXPIRED = '4.4.7'

/** What servers write that give no status: the words of Exim, qmail, Exchange, docomo, au and SoftBank. */
const WORDS: readonly (readonly [status: string, words: RegExp])[] = [
  [
    '4.4.1',
    /tempora|try again later|delivery is delayed|been delayed|will be retried|will continue|deferred/i,
  ],
  [
    '5.2.2',
    /mailbox (?:is )?full|over ?quota|quota exceeded|account is temporarily limited|mailbox exceeded/i,
  ],
  [
    '5.4.4',
    /host (?:or domain name )?not found|no such domain|name service error|no mx record|unknown host/i,
  ],
  [
    '5.1.1',
    /user unknown|unknown user|unknown local|no mailbox here|no such (?:user|mailbox|address)|does not exist|not found|invalid recipient|account is disabled|unrouteable address|address rejected|name is not recognized|unknown recipient/i,
  ],
  ['5.7.1', /blocked|spam|policy|not permitted|refused by|rejected by/i],
  // It was tried for long enough: that is the end of it, though the reason may pass.
  [EXPIRED, /not delivered within|could not be delivered for|envelope expired|message expired/i],
]

/** Reads the words of one recipient. */
export function refusalIn(text: string): Refusal {
  // RFC 3463, 3, has subjects from 0 to 7: what else has three numbers is a version of a server, such as Exim 4.96.1.
  const enhanced = /(?<![\d.])([245]\.[0-7]\.\d{1,3})(?![\d.])/.exec(text)?.[1]
  const digits = /(?<![\d.])([45]\d\d)(?=[ ,-]|$)/m.exec(text)?.[1]
  const code = digits === undefined ? undefined : Number(digits)
  const status =
    enhanced ??
    (code === undefined ? wordStatus(text) : (wordStatus(text, code) ?? `${digits?.[0]}.0.0`))
  return { status, code }
}

/** @param code what the status must agree with */
function wordStatus(text: string, code?: number): string | undefined {
  const fitting = WORDS.filter(
    ([status]) => code === undefined || status.startsWith(`${code}`.charAt(0)),
  )
  return fitting.find(([, words]) => words.test(text))?.[0]
}
