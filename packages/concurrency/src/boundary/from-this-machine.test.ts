import { expect, test } from 'vitest'
import { isFromThisMachine, requestSourceOf } from './from-this-machine.ts'

const from = (remoteAddress: string, httpVersion = '1.1'): object => ({
  incoming: { socket: { remoteAddress }, httpVersion },
})
const here = from('127.0.0.1')
const at = (url: string, headers: Record<string, string> = {}): Request =>
  new Request(url, { headers })

test.each<[string, boolean, Request, object | undefined]>([
  ['nothing that the server says', false, at('http://localhost/'), undefined],
  ['a loopback address', true, at('http://localhost:3000/'), here],
  ['one of IPv6', true, at('http://[::1]/'), { remoteAddr: { hostname: '::1' } }],
  [
    'one that Bun says',
    true,
    at('http://127.0.0.1/'),
    { requestIP: () => ({ address: '::ffff:127.0.0.1' }) },
  ],
  ['a page of its own', true, at('http://localhost/', { 'sec-fetch-site': 'same-origin' }), here],
  ['a name below localhost', true, at('http://mails.localhost/'), here],
  ['an address that nobody says', false, at('http://localhost/'), {}],
  ['another machine', false, at('http://localhost/'), from('192.0.2.7')],
  ['another machine, by IPv6', false, at('http://localhost/'), from('::ffff:192.0.2.7')],
  ['an address that begins alike', false, at('http://localhost/'), from('127.0.0.1.evil.test')],
  ['another name', false, at('http://evil.test/'), here],
  ['a name that begins alike', false, at('http://127.0.0.1.evil.test/'), here],
  ['a name that ends alike', false, at('http://evillocalhost/'), here],
  ['another site', false, at('http://localhost/', { 'sec-fetch-site': 'cross-site' }), here],
  ['a proxy', false, at('http://localhost/', { 'x-forwarded-for': '192.0.2.7' }), here],
  ['a proxy of the standard', false, at('http://localhost/', { forwarded: 'for=192.0.2.7' }), here],
  [
    'a proxy that says nothing but its old version of HTTP',
    false,
    at('http://127.0.0.1/'),
    from('127.0.0.1', '1.0'),
  ],
])('a request counts as of this machine: %s, %s', (_what, isOwn, request, info) => {
  expect(isFromThisMachine(requestSourceOf(request, info))).toBe(isOwn)
})
