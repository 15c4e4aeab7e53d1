import { expected } from '@yuzuru/concurrency/boundary'
import type { SmtpOptions } from './smtp-options.ts'

/** {@link SmtpOptions} with the server and the login in one address, as an environment has them. */
export interface SmtpUrlOptions extends Omit<SmtpOptions, 'host' | 'port' | 'secure' | 'auth'> {
  /**
   * `smtp://user:password@host:port`, or `smtps:` for TLS from the first byte. User and password are percent-encoded;
   * there may be neither. The port is 587, of `smtps:` 465, where there is none.
   */
  readonly url: string
  readonly host?: undefined
  readonly port?: undefined
  readonly secure?: undefined
  readonly auth?: undefined
}

/** What `url` takes the place of. */
const IN_URL = ['host', 'port', 'secure', 'auth'] as const

const PORTS: Readonly<Record<string, number>> = { 'smtp:': 587, 'smtps:': 465 }

/**
 * A server by its fields, however it was said.
 *
 * @throws {TypeError} that does not show the url, as it may hold a password
 */
export function serverOf<Options extends SmtpOptions | SmtpUrlOptions>(
  options: Options,
): Omit<Options, 'url'> & SmtpOptions {
  const { url, ...rest } = options as Options & Partial<SmtpUrlOptions>
  if (url === undefined) {
    // An environment without it: a word about `host` would send the reader elsewhere.
    if ('url' in options && options.host === undefined) throw wrong(url)
    return rest as Omit<Options, 'url'> & SmtpOptions
  }
  const other = IN_URL.find((name) => options[name] !== undefined)
  if (other !== undefined) throw new TypeError(`Expected url or ${other}, got both`)
  return { ...rest, ...fieldsOf(url) }
}

function fieldsOf(url: unknown): Pick<SmtpOptions, (typeof IN_URL)[number]> {
  const parsed = typeof url === 'string' ? URL.parse(url) : null
  const { protocol = '', hostname = '' } = parsed ?? {}
  const usual = PORTS[protocol]
  if (parsed === null || usual === undefined || hostname === '') {
    throw wrong(url)
  }
  const { username, password, pathname, search, hash } = parsed
  if (!['', '/'].includes(pathname) || search !== '' || hash !== '') {
    throw new TypeError('Expected url to end after the port, got more')
  }
  if ((username === '') !== (password === '')) {
    throw new TypeError('Expected url to have a user and a password, got one without the other')
  }
  return {
    host: decoded(hostname).replace(/^\[|\]$/g, ''),
    port: parsed.port === '' ? usual : Number(parsed.port),
    secure: protocol === 'smtps:',
    auth: username === '' ? undefined : { user: decoded(username), password: decoded(password) },
  }
}

function wrong(url: unknown): TypeError {
  return expected('url to be like smtp://user:password@smtp.example.jp:587', url)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new TypeError('Expected url to be percent-encoded, got a "%" that stands for nothing')
  }
}
