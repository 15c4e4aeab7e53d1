import { describe, expect, test } from 'vitest'
import { createDatabase } from '../create-database.ts'
import { tlsPlace } from './tls-options.ts'

const PLACE = 'postgres://u:the-password@db.example/x'
const ca = 'a certificate'

describe('what url and ssl say of TLS', () => {
  test.each([
    ['?sslmode=disable', true],
    ['?sslmode=disable', { ca }],
    ['?sslmode=require', false],
    ['?sslmode=verify-full', false],
    ['?sslmode=no-verify', false],
    ['?sslmode=no-verify', true],
    ['?sslmode=no-verify', { ca }],
    ['?sslmode=verify-full', { rejectUnauthorized: false }],
    ['?application_name=a&sslmode=require', { rejectUnauthorized: false }],
    ['?ssl=true', false],
    ['?ssl=0', true],
    ['?ssl=false', { ca }],
    ['?sslrootcert=/ca.pem', { ca }],
    ['?sslmode=verify-full&sslkey=/key.pem', true],
    ['?uselibpqcompat=true&sslmode=require', undefined],
  ])('is refused before any I/O where it is two things: %s with %j', (query, ssl) => {
    const connect = (): unknown =>
      createDatabase({ url: PLACE + query, ...(ssl === undefined ? {} : { ssl }) })
    expect(connect).toThrow(TypeError)
    expect(connect).toThrow(/^Expected [^:]+$/)
    expect(connect).not.toThrow(/the-password/)
  })

  test.each([
    ['', { ca }, ''],
    ['?sslmode=verify-full', undefined, '?sslmode=verify-full'],
    ['?sslmode=verify-full', true, '?'],
    ['?sslmode=require', { ca }, '?'],
    ['?a=1&sslmode=require&b=2', { ca }, '?a=1&b=2'],
    ['?ssl=true&sslmode=require', { ca }, '?'],
    ['?sslmode=no-verify', { rejectUnauthorized: false }, '?'],
    ['?sslmode=disable', false, '?'],
    ['?ssl=1', true, '?'],
    ['?sslrootcert=/ca.pem', undefined, '?sslrootcert=/ca.pem'],
  ])('is taken where it is one: %s with %j', (query, ssl, left) => {
    expect(tlsPlace({ url: PLACE + query, ...(ssl === undefined ? {} : { ssl }) })).toEqual({
      url: PLACE + left,
      ssl,
    })
  })
})
