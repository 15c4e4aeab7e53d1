/**
 * The grammar of RFC 5321, 4.1.2, for a `Mailbox`, read rule by rule: a judge that shares nothing with the
 * code it judges. Address literals are left out, as they are not supported.
 */

/** Reads at a place; gives the place behind, or -1 when the rule does not match. */
type Rule = (text: string, at: number) => number

const one =
  (set: string): Rule =>
  (text, at) =>
    at < text.length && set.includes(text.charAt(at)) ? at + 1 : -1

const between =
  (low: number, high: number): Rule =>
  (text, at) => {
    const code = text.charCodeAt(at)
    return code >= low && code <= high ? at + 1 : -1
  }

const either =
  (...rules: readonly Rule[]): Rule =>
  (text, at) => {
    for (const rule of rules) {
      const end = rule(text, at)
      if (end >= 0) return end
    }
    return -1
  }

const all =
  (...rules: readonly Rule[]): Rule =>
  (text, at) => {
    let end = at
    for (const rule of rules) {
      if (end >= 0) end = rule(text, end)
    }
    return end
  }

const many =
  (rule: Rule): Rule =>
  (text, at) => {
    let end = at
    for (let next = rule(text, at); next >= 0; next = rule(text, end)) end = next
    return end
  }

const DIGIT = between(0x30, 0x39)
const ALPHA = either(between(0x41, 0x5a), between(0x61, 0x7a))
const letDig = either(ALPHA, DIGIT)
const atext = either(ALPHA, DIGIT, one("!#$%&'*+-/=?^_`{|}~"))
const atom = all(atext, many(atext))
const dotString = all(atom, many(all(one('.'), atom)))
const qtextSMTP = either(between(32, 33), between(35, 91), between(93, 126))
const quotedPairSMTP = all(one('\\'), between(32, 126))
const quotedString = all(one('"'), many(either(qtextSMTP, quotedPairSMTP)), one('"'))
const localPart = either(dotString, quotedString)

/** `sub-domain = Let-dig [Ldh-str]`, where `Ldh-str` ends with a `Let-dig`. */
const subDomain: Rule = (text, at) => {
  let end = letDig(text, at)
  if (end < 0) return -1
  for (let next = end; next >= 0; next = either(letDig, one('-'))(text, next)) {
    if (letDig(text, next - 1) >= 0) end = next
  }
  return end
}
const domain = all(subDomain, many(all(one('.'), subDomain)))
const mailbox = all(localPart, one('@'), domain)

/** Whether all of it is a `Mailbox`, within the lengths of RFC 5321, 4.5.3.1. */
export function isMailbox(text: string): boolean {
  if (mailbox(text, 0) !== text.length || text.length > 254) return false
  const at = text.lastIndexOf('@')
  const labels = text.slice(at + 1).split('.')
  return at <= 64 && labels.every((label) => label.length <= 63)
}
