/** As nodemailer spells the names of headers (`x-plan-id` is `X-Plan-ID`). */
const CAPITALS =
  /^X-SMTPAPI$|^(MIME|DKIM|ARC|BIMI)\b|^OTP(?=-Token$)|^[a-z]|-(SPF|FBL|ID|MD5)$|-[a-z]/gi

/** The most names that are remembered. */
const MOST = 200

const known = new Map<string, string>()

/** The usual spelling of the name of a header: a program has few, and asks for them with each message. */
export function usualName(name: string): string {
  const usual = known.get(name)
  if (usual !== undefined) return usual
  const made = name
    .toLowerCase()
    .replaceAll(CAPITALS, (part) => part.toUpperCase())
    .replace(/^Content-Features$/i, 'Content-features')
  if (known.size < MOST) known.set(name, made)
  return made
}
