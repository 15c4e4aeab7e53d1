import { Socket } from 'node:net'
import { TestClock } from '@yuzuru/concurrency/testing'
import { expect, test } from 'vitest'
import { linger } from './linger.ts'

const sending = (bytes: () => number): Socket =>
  Object.defineProperty(new Socket(), 'bytesRead', { get: bytes })

test('a client that sends nothing is cut at the second look', async () => {
  using clock = TestClock.install()
  const socket = sending(() => 1)
  linger(socket)
  await clock.advance(5_000)
  expect(socket.destroyed).toBe(false)
  await clock.advance(5_000)
  expect(socket.destroyed).toBe(true)
})

test('a client that sends on and on is cut after 30 s', async () => {
  using clock = TestClock.install()
  let bytes = 0
  const socket = sending(() => (bytes += 1))
  linger(socket)
  await clock.advance(25_000)
  expect(socket.destroyed).toBe(false)
  await clock.advance(5_000)
  expect(socket.destroyed).toBe(true)
})

test('a connection that has closed already is not looked at: no timer keeps the process', () => {
  using clock = TestClock.install()
  const socket = sending(() => 1)
  socket.destroy()
  linger(socket)
  expect(clock.pending).toBe(0)
})
