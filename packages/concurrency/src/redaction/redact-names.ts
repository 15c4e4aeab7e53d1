/** Words that make a name a secret's wherever they stand in it, also run together (`accesstoken`). */
const STEMS = [
  'token',
  'secret',
  'password',
  'passwd',
  'passphrase',
  'passcode',
  'credential',
  'signature',
  'authorization',
  'apikey',
  'accesskey',
  'privatekey',
  'authkey',
  'signingkey',
  'encryptionkey',
  'secretkey',
  'sharedkey',
  'masterkey',
  'cookie',
  'session',
  'assertion',
  'bearer',
]

/** Words that do so only on their own: `pass` is one, `passenger` holds none. */
const WORDS: ReadonlySet<string> = new Set([
  'auth',
  'authentication',
  'pass',
  'pwd',
  'psw',
  'pw',
  'jwt',
  'sig',
  'sid',
  'pin',
  'otp',
  'totp',
  'mfa',
  'hmac',
  'csrf',
  'xsrf',
  'cvc',
  'cvv',
  'pat',
  'sas',
  'creds',
  'pem',
])

/** What a `key` has to be for, to be a secret. */
const KEYS: ReadonlySet<string> = new Set([
  'api',
  'access',
  'private',
  'auth',
  'signing',
  'encryption',
  'secret',
  'shared',
  'master',
  'account',
  'storage',
  'service',
  'ssh',
  'pgp',
  'aes',
  'hmac',
  'webhook',
  'subscription',
])

/** Longer names are judged by their end. */
const LONGEST = 128

/**
 * Whether what has this name (a field, a header, a parameter, an element) may be a secret. The name may
 * be written in any case and style: `clientSecret`, `client_secret`, `Client-Secret`, `CLIENTSECRET`.
 */
export function isSecretName(name: string): boolean {
  const last = name.length > LONGEST ? name.slice(-LONGEST) : name
  const words = wordsOf(last)
  const together = words.join('')
  if (STEMS.some((stem) => together.includes(stem))) return true
  return words.some((word, at) => WORDS.has(word) || (isKey(word) && KEYS.has(words[at - 1] ?? '')))
}

function isKey(word: string): boolean {
  return word === 'key' || word === 'keys'
}

/** The words of a name, in lower case. */
function wordsOf(name: string): string[] {
  const parted = name.replaceAll(/([a-z\d])([A-Z])/g, '$1 $2').toLowerCase()
  return parted.split(/[^a-z\d]/).filter((word) => word !== '')
}
