import { copyFile, mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { clientFor, openCheckout } from '../../test/stripe/fixture.ts'
import { startStripe } from './server.ts'

test('state survives without an orderly end: every reply was saved before it was sent', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'yuzuru-stripe-'))
  try {
    await using first = await startStripe({ dir })
    const stripe = clientFor(first, first.secretKey)
    const customer = await stripe.customers.create({ name: 'a' }, { idempotencyKey: 'k1' })
    const session = await openCheckout(stripe, { customer: customer.id })
    await first.completeCheckout(session.id)
    // The first is still running: the second finds what a SIGKILL would have left.
    const left = join(dir, 'left')
    await mkdir(left)
    await copyFile(join(dir, 'stripe.json'), join(left, 'stripe.json'))
    await using second = await startStripe({ dir: left })
    const again = clientFor(second, second.secretKey)
    const replayed = await again.customers.create({ name: 'a' }, { idempotencyKey: 'k1' })
    expect(replayed.id).toBe(customer.id)
    const kept = await again.checkout.sessions.retrieve(session.id, { expand: ['subscription'] })
    expect(kept).toMatchObject({ status: 'complete', subscription: { status: 'active' } })
    const file = join(dir, 'stripe.json')
    expect((await stat(file)).mode & 0o077).toBe(0)
    expect(await readFile(file, 'utf8')).not.toContain(first.secretKey)
  } finally {
    await rm(dir, { recursive: true })
  }
})

test('two servers know nothing of each other, and listen on 127.0.0.1 only', async () => {
  await using first = await startStripe()
  await using second = await startStripe()
  await clientFor(first, first.secretKey).customers.create()
  expect(first.customers()).toHaveLength(1)
  expect(second.customers()).toHaveLength(0)
  expect(first.port).not.toBe(second.port)
  expect(new URL(first.url).hostname).toBe('127.0.0.1')
})

test('a taken port is refused', async () => {
  await using first = await startStripe()
  await expect(startStripe({ port: first.port })).rejects.toThrow('EADDRINUSE')
})
