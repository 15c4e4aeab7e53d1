import { expected, expectOptions } from '@yuzuru/concurrency/boundary'

/** A proxy that connections go through. */
export interface HttpProxyOptions {
  /** `http://` or `https://`, with `user:password@` if the proxy asks for them. */
  readonly url: string | URL
  /**
   * Hosts that are reached directly, as in `NO_PROXY`: `example.com` is it and all below it,
   * `*.example.com` those below it only, `host:8080` that port only, `*` all.
   *
   * @default none
   */
  readonly except?: readonly string[] | undefined
}

/** `'environment'`: what `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` say. */
export type HttpProxy = HttpProxyOptions | 'environment'

/** The proxies of a client, checked; what is left out, the environment says. */
export interface ProxySettings {
  readonly httpProxy?: string
  readonly httpsProxy?: string
  readonly noProxy?: string
}

export function expectProxy(proxy: HttpProxy | undefined): ProxySettings | undefined {
  if (proxy === undefined) return undefined
  if (proxy === 'environment') return {}
  if (typeof proxy !== 'object' || proxy === null) {
    throw expected("proxy to be { url, except } or 'environment'", proxy)
  }
  expectOptions(proxy, ['url', 'except'], 'createHttp.proxy')
  const { url: given, except = [] } = proxy
  const url = URL.parse(String(given))
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new TypeError('Expected proxy.url to be an http: or https: URL')
  }
  if (!Array.isArray(except) || except.some((host) => typeof host !== 'string')) {
    throw new TypeError('Expected proxy.except to be a list of hosts')
  }
  return { httpProxy: url.href, httpsProxy: url.href, noProxy: except.join(',') }
}
