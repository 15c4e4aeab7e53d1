/**
 * How tokens of well-known issuers begin; at least eight more characters follow. Part of them may be hidden
 * already: Stripe shows a wrong key as `sk_test_****1234` or `sk_live****1234`.
 */
const PREFIXES = [
  // Stripe
  'sk_live_',
  'sk_test_',
  'rk_live_',
  'rk_test_',
  'pk_live_',
  'pk_test_',
  'ek_live_',
  'ek_test_',
  'whsec_',
  // GitHub, GitLab, npm
  'ghp_',
  'gho_',
  'ghu_',
  'ghs_',
  'ghr_',
  'github_pat_',
  'glpat-',
  'npm_',
  // Google, Amazon, Slack, SendGrid
  'ya29.',
  'AIza',
  'AKIA',
  'ASIA',
  'xoxa-',
  'xoxb-',
  'xoxp-',
  'xoxr-',
  'xoxs-',
  'xapp-',
  'SG.',
  // A JSON Web Token: base64url of `{"`.
  'eyJ',
]

/** Of Stripe's client secrets: what follows it is the secret. */
const INNER = '_secret_'

const SHORTEST = 8

/**
 * How much of a word may be shown, if it looks like a token of a well-known issuer: the beginning that says
 * so. `undefined`: it does not.
 *
 * @param goesOnWithStars whether part of it is hidden already
 */
export function shownOf(word: string, goesOnWithStars: boolean): number | undefined {
  const shortest = goesOnWithStars ? 0 : SHORTEST
  const first = word.charCodeAt(0)
  for (const prefix of PREFIXES) {
    if (prefix.charCodeAt(0) !== first) continue
    if (goesOnWithStars && `${word}_` === prefix) return word.length
    if (!word.startsWith(prefix)) continue
    if (word.length - prefix.length >= shortest) return prefix === 'eyJ' ? 0 : prefix.length
  }
  const inner = word.indexOf(INNER)
  if (inner <= 0 || word.length - inner - INNER.length < shortest) return undefined
  return inner + INNER.length
}
