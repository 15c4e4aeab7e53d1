import { Buffer } from 'node:buffer'
import { describe, expect, test } from 'vitest'
import { SecretSpellings } from './secret-spellings.ts'

const textsOf = (spellings: SecretSpellings): string[] => Array.from(spellings, ({ text }) => text)

describe('SecretSpellings', () => {
  test('knows a value in all the spellings in which another program may quote it', () => {
    const spellings = new SecretSpellings()
    spellings.add(`p&ss "w/o'd é`, true)
    expect(textsOf(spellings)).toEqual(
      expect.arrayContaining([
        `p&ss "w/o'd é`,
        `p%26ss%20%22w%2Fo'd%20%C3%A9`,
        `p%26ss%20%22w%2fo'd%20%c3%a9`,
        'p%26ss+%22w%2Fo%27d+%C3%A9',
        `p&ss \\"w/o'd é`,
        `p&ss \\"w\\/o'd é`,
        `p&ss \\"w/o'd \\u00e9`,
        `p&amp;ss &quot;w/o&#39;d é`,
      ]),
    )
  })

  test('looks for no value that is short or a mere word, unless its name says that it is a secret', () => {
    const spellings = new SecretSpellings()
    spellings.add('abc', true)
    spellings.add('12345', false)
    spellings.add('not_found', false)
    expect(textsOf(spellings)).toEqual([])
    spellings.add('not_found', true)
    spellings.add('12345x', false)
    expect(textsOf(spellings)).toEqual(['not_found', '12345x'])
  })

  test('a value that is named once is a secret anywhere', () => {
    const spellings = new SecretSpellings()
    spellings.add('room 101', false)
    spellings.add('room 101', true)
    spellings.add('room 101', false)
    expect(Array.from(spellings).every(({ anywhere }) => anywhere)).toBe(true)
  })

  test('knows the parts of a credential', () => {
    const spellings = new SecretSpellings()
    spellings.addCredential('Bearer abcdefgh12')
    spellings.addCredential('session=s3cr3t-s3cr3t; v1')
    spellings.addCredential(`Basic ${Buffer.from('hanako:hunter22').toString('base64')}`)
    expect(textsOf(spellings)).toEqual(
      expect.arrayContaining(['abcdefgh12', 's3cr3t-s3cr3t', 'hanako:hunter22', 'hunter22']),
    )
    expect(textsOf(spellings)).not.toContain('v1')
  })

  test('looks for a bounded amount', () => {
    const spellings = new SecretSpellings()
    spellings.add('x1'.repeat(20_000), true)
    spellings.add('small enough', true)
    expect(textsOf(spellings)[0]).toBe('small enough')
  })
})
