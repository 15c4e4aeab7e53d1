import { describe, expect, test } from 'vitest'
import { compareKeys, SortedKeys } from './sorted-keys.ts'

describe('compareKeys', () => {
  test('orders as the bytes of UTF-8 do', () => {
    const keys = ['a', 'a/', 'aa', 'B', '', 'é', '支', 'ﬂ', '\uE000', '😀', '𠮷', '😀a', '\uFFFD']
    const byBytes = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    expect([...keys].sort(compareKeys)).toEqual(byBytes)
  })
})

describe('SortedKeys', () => {
  test('finds what comes after a key or a prefix', () => {
    const keys = new SortedKeys(['b', 'a/2', 'a/1'])
    keys.add('c')
    keys.add('c')
    keys.delete('nothing')
    expect([...keys]).toEqual(['a/1', 'a/2', 'b', 'c'])
    expect(keys.atOrAfter('a/2')).toBe('a/2')
    expect(keys.after('a/2')).toBe('b')
    expect(keys.after('a/3')).toBe('b')
    expect(keys.afterPrefix('a/')).toBe('b')
    expect(keys.afterPrefix('c')).toBeUndefined()
    keys.delete('b')
    expect(keys.after('a/2')).toBe('c')
  })
})
