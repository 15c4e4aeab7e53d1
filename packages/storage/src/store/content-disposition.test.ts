import { describe, expect, test } from 'vitest'
import { contentDisposition } from './content-disposition.ts'

describe('contentDisposition', () => {
  test('names a file in any language, and in ASCII for old clients (RFC 6266)', () => {
    expect(contentDisposition('inline', '支援計画書（令和８年度）.pdf')).toBe(
      'inline; filename="____________.pdf"; ' +
        "filename*=UTF-8''%E6%94%AF%E6%8F%B4%E8%A8%88%E7%94%BB%E6%9B%B8%EF%BC%88%E4%BB%A4%E5%92%8C%EF%BC%98%E5%B9%B4%E5%BA%A6%EF%BC%89.pdf",
    )
    expect(contentDisposition('attachment', 'plan 7.pdf')).toBe('attachment; filename="plan 7.pdf"')
    expect(contentDisposition('inline')).toBe('inline')
  })

  test('lets nothing out of its quotes', () => {
    const header = contentDisposition('attachment', 'a"; filename=x\r\nSet-Cookie: b\0%41\'*')
    expect(header).toBe(
      'attachment; filename="a_; filename=xSet-Cookie: b_41\'*"; ' +
        "filename*=UTF-8''a%22%3B%20filename%3DxSet-Cookie%3A%20b%2541%27%2A",
    )
  })

  test('keeps only the last part of a path', () => {
    expect(contentDisposition('inline', '../../etc/passwd')).toBe('inline; filename="passwd"')
    expect(contentDisposition('inline', 'C:\\plans\\a.pdf')).toBe('inline; filename="a.pdf"')
    expect(contentDisposition('inline', '\r\n')).toBe('inline')
  })

  test('refuses what is neither inline nor attachment', () => {
    expect(() => contentDisposition('inline; x' as 'inline')).toThrow(TypeError)
    expect(() => contentDisposition('inline', 7 as unknown as string)).toThrow(TypeError)
  })
})
