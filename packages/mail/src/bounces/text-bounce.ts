import { refusalIn } from './refusal-text.ts'

/** What a text without fields says of one recipient. */
export interface TextRecipient {
  readonly address: string
  readonly reason: string
}

/** A text has few lines before the message that it is about. */
const MAX_LINES = 400
const MAX_REASON = 2_000

const ADDRESS = String.raw`[^\s<>@,;:"()]{1,64}@[a-z\d][a-z\d.-]{0,253}`
/** How the programs begin what they say of a recipient, each in a line of its own. */
const BEGINNINGS: readonly RegExp[] = [
  // Postfix `<a@b>: host … said: 550 …`, qmail `<a@b>:`, au `<a@b>`, Exim `  a@b`, GMX `"a@b":`.
  new RegExp(String.raw`^\s{0,8}[<"]?(${ADDRESS})[>"]?(?::|\s*$)(.*)$`, 'i'),
  // au `Recipient: <a@b>`; Exchange `a@b on 1/2/2026`, `Hanako (a@b)<mailto:a@b>`, `To: a@b`.
  new RegExp(String.raw`^\s{0,8}Recipient: <?(${ADDRESS})>?()$`, 'i'),
  new RegExp(String.raw`^\s{0,8}'?(${ADDRESS})'? on (?:[a-z]{3}, )?\d(.*)$`, 'i'),
  new RegExp(String.raw`^[^<]{0,200}<mailto:(${ADDRESS})>(.*)$`, 'i'),
  // KDDI, DragonFly, Zoho.
  new RegExp(String.raw`^\s{0,8}Could not be delivered to: <?(${ADDRESS})>?\s{0,8}()$`, 'i'),
  new RegExp(String.raw`^There was an error delivering your mail to <(${ADDRESS})>\.?()$`, 'i'),
  new RegExp(String.raw`^(${ADDRESS}) (.{0,80}ERROR_CODE :\d.*)$`, 'i'),
]

/** What comes behind is the message that was returned, which may say anything; sendmail has lines between parts. */
const ORIGINAL =
  /^\s{0,8}(?:-{3}(?!.{0,40}(?:following addr|transcript|non-delivered))|Original message headers:|Message headers follow|Received:|Return-Path:)/i

/** The recipients that a text names, with what it says of each. */
export function recipientsInText(text: string, failed: readonly string[]): TextRecipient[] {
  const lines = linesBefore(text)
  const starts = lines.flatMap((line, at) => {
    const found = BEGINNINGS.map((each) => each.exec(line)).find((match) => match !== null)
    return found === undefined ? [] : [{ at, address: found[1] ?? '', rest: found[2] ?? '' }]
  })
  const recipients = starts.map(({ at, address, rest }, index) => {
    const end = starts[index + 1]?.at ?? lines.length
    const behind = [rest, ...lines.slice(at + 1, end)].join('\n').trim()
    // au says why before it says who.
    const reason = isReason(behind) ? behind : `${lines.slice(0, at).join('\n')}\n${behind}`.trim()
    return { address, reason: reason.slice(0, MAX_REASON) }
  })
  const named = new Set(recipients.map(({ address }) => address.toLowerCase()))
  const others = failed.filter((address) => !named.has(address.toLowerCase()))
  const whole = lines.join('\n').trim().slice(0, MAX_REASON)
  return unique([...recipients, ...others.map((address) => ({ address, reason: whole }))])
}

/** The lines before the message that was returned. */
export function linesBefore(text: string): string[] {
  const lines = text.replaceAll('\r\n', '\n').split('\n', MAX_LINES)
  const end = lines.findIndex((line, at) => at > 0 && ORIGINAL.test(line))
  return end < 0 ? lines : lines.slice(0, end)
}

function isReason(text: string): boolean {
  const { status, code } = refusalIn(text)
  return status !== undefined || code !== undefined
}

/** The first that is said of each address. */
function unique(recipients: readonly TextRecipient[]): TextRecipient[] {
  const byAddress = new Map<string, TextRecipient>()
  for (const each of recipients) {
    if (!byAddress.has(each.address.toLowerCase())) byAddress.set(each.address.toLowerCase(), each)
  }
  return [...byAddress.values()]
}
