/** How tokens of well-known issuers begin; at least eight more characters follow. */
const PREFIXES = [
  // Stripe
  'sk_live_',
  'sk_test_',
  'rk_live_',
  'rk_test_',
  'pk_live_',
  'pk_test_',
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
 * How much of a word may be shown: all of it, unless it looks like a token of a well-known issuer, of
 * which the beginning that says so may be.
 */
export function shownOf(word: string): number {
  const first = word.charCodeAt(0)
  for (const prefix of PREFIXES) {
    if (prefix.charCodeAt(0) !== first || !word.startsWith(prefix)) continue
    if (word.length - prefix.length >= SHORTEST) return prefix === 'eyJ' ? 0 : prefix.length
  }
  const inner = word.indexOf(INNER)
  if (inner > 0 && word.length - inner - INNER.length >= SHORTEST) return inner + INNER.length
  return word.length
}
