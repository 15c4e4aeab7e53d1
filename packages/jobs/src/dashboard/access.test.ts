import { expect, test } from 'vitest'
import { isFromThisMachine } from './access.ts'

const here = { incoming: { socket: { remoteAddress: '127.0.0.1' } } }
const at = (url: string, headers: Record<string, string> = {}): Request =>
  new Request(url, { headers })

test.each<[string, boolean, Request, object | undefined]>([
  ['a loopback address', true, at('http://localhost:3000/'), here],
  ['one of IPv6', true, at('http://[::1]/'), { remoteAddr: { hostname: '::1' } }],
  [
    'one that Bun says',
    true,
    at('http://127.0.0.1/'),
    { requestIP: () => ({ address: '::ffff:127.0.0.1' }) },
  ],
  ['the page itself', true, at('http://localhost/', { 'sec-fetch-site': 'same-origin' }), here],
  ['an address that nobody says', false, at('http://localhost/'), undefined],
  [
    'another machine',
    false,
    at('http://localhost/'),
    { incoming: { socket: { remoteAddress: '192.0.2.7' } } },
  ],
  ['another name', false, at('http://evil.test/'), here],
  ['a name that begins alike', false, at('http://127.0.0.1.evil.test/'), here],
  [
    'a page of another site',
    false,
    at('http://localhost/', { 'sec-fetch-site': 'cross-site' }),
    here,
  ],
  ['a proxy', false, at('http://localhost/', { 'x-forwarded-for': '192.0.2.7' }), here],
  [
    'a proxy that says nothing but its old version of HTTP',
    false,
    at('http://127.0.0.1/'),
    { incoming: { ...here.incoming, httpVersion: '1.0' } },
  ],
  ['a proxy of the standard', false, at('http://localhost/', { forwarded: 'for=192.0.2.7' }), here],
])('a request counts as of this machine: %s, %s', (_what, isOwn, request, info) => {
  expect(isFromThisMachine(request, info)).toBe(isOwn)
})
