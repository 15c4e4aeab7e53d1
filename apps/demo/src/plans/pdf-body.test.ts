import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { MAX_DOCUMENT_BYTES, PdfBody } from './pdf-body.ts'

async function* chunks(...parts: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield typeof part === 'string' ? Buffer.from(part) : part
}

async function read(body: PdfBody): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(body))
}

describe('PdfBody', () => {
  test('lets a PDF pass, counted and hashed, also when its signature comes in pieces', async () => {
    const body = new PdfBody(chunks('%P', 'D', 'F-1.7\nbody'))
    expect((await read(body)).toString()).toBe('%PDF-1.7\nbody')
    const sha256 = createHash('sha256').update('%PDF-1.7\nbody').digest('hex')
    expect(body.figures()).toEqual({ bytes: 13, sha256 })
  })

  test('refuses what is no PDF, and what ends before it could be one', async () => {
    await expect(read(new PdfBody(chunks('<html>')))).rejects.toMatchObject({ status: 415 })
    await expect(read(new PdfBody(chunks('%PD')))).rejects.toMatchObject({ status: 415 })
    await expect(read(new PdfBody(chunks()))).rejects.toMatchObject({ status: 415 })
  })

  test('refuses one byte too many', async () => {
    const rest = Buffer.alloc(MAX_DOCUMENT_BYTES - 5)
    await expect(read(new PdfBody(chunks('%PDF-', rest)))).resolves.toHaveLength(MAX_DOCUMENT_BYTES)
    await expect(read(new PdfBody(chunks('%PDF-', rest, 'x')))).rejects.toMatchObject({
      status: 413,
    })
  })
})
