import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { isPublicAddress, type ResolvedAddress } from './address-policy.ts'
import { createHttp } from '../http.ts'
import { type ScriptedServer, startScriptedServer } from '../testing/scripted-server.ts'

const PRIVATE = [
  '0.0.0.0',
  '10.1.2.3',
  '100.64.0.1',
  '100.100.100.200',
  '127.0.0.1',
  '127.255.255.254',
  '168.63.129.16',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.192',
  '192.168.1.1',
  '198.18.0.1',
  '224.0.0.1',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::7f00:1',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '0:0:0:0:0:ffff:a9fe:a9fe',
  '::ffff:10.0.0.1',
  '64:ff9b::7f00:1',
  'fc00::1',
  'fd00:ec2::254',
  'fe80::1',
  'fe80::1%eth0',
  'fec0::1',
  'ff02::1',
  '2001::1',
  '2001:db8::1',
  '2002:7f00:1::',
  'not an address',
]

const PUBLIC = [
  '1.1.1.1',
  '8.8.8.8',
  '172.15.255.255',
  '172.32.0.1',
  '192.169.0.1',
  '::ffff:8.8.8.8',
  '2001:4860:4860::8888',
  '2606:4700:4700::1111',
]

describe('an address', () => {
  test.each(PRIVATE)('%s is not public', (address) => {
    expect(isPublicAddress(address)).toBe(false)
  })

  test.each(PUBLIC)('%s is public', (address) => {
    expect(isPublicAddress(address)).toBe(true)
  })
})

describe("with allow: 'public'", () => {
  let server: ScriptedServer
  beforeEach(async () => {
    server = await startScriptedServer()
  })
  afterEach(async () => {
    await server.close()
  })

  test.each([
    '127.0.0.1',
    'localhost',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '0x7f.1',
    '2130706433',
    '0177.0.0.1',
    '0.0.0.0',
  ])('%s is never connected to', async (host) => {
    await using http = createHttp({ allow: 'public', retry: { baseDelayMs: 0 } })
    const { port } = new URL(server.url)
    await expect(http.request(`http://${host}:${port}/`, { method: 'POST' })).rejects.toMatchObject(
      {
        code: 'address_refused',
        outcome: 'none',
        retryable: false,
      },
    )
    expect(server.connected).toBe(0)
  })
})

test('a policy of one’s own is asked for each address, literal or resolved', async () => {
  await using server = await startScriptedServer()
  server.otherwise({})
  const asked: ResolvedAddress[] = []
  await using http = createHttp({
    allow: (resolved) => {
      asked.push(resolved)
      return resolved.address === '127.0.0.1'
    },
  })
  await http.request(server.url)
  await http.request(server.url.replace('127.0.0.1', 'localhost'))
  expect(asked).toContainEqual({ address: '127.0.0.1', family: 4, hostname: '127.0.0.1' })
  expect(asked).toContainEqual({ address: '127.0.0.1', family: 4, hostname: 'localhost' })
})
